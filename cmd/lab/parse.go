package main

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/cgroup"
)

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

// parseBytes reads "64m": a number and one of b, k, m, g, t, in units of 1024.
func parseBytes(text string) (int64, error) { return units.RAMInBytes(text) }

// cpuQuota turns --cpus 0.5 into 50000 of 100000 µs.
func cpuQuota(l *cgroup.Limits, cpus float64) error {
	if math.IsNaN(cpus) || cpus < 0.01 || cpus > 1<<20 {
		return usage("invalid --cpus %g: the smallest part is 0.01 of a CPU, the largest %d CPUs", cpus, 1<<20)
	}
	l.CPUPeriod = 100_000
	l.CPUQuota = int64(math.Round(cpus * 100_000))
	return nil
}

// parseVolume reads HOST:DIR[:OPTIONS].
func parseVolume(text string) (specs.Mount, error) {
	part := strings.Split(text, ":")
	if len(part) == 1 && path.IsAbs(text) {
		return specs.Mount{}, usage("volume %q: volumes without a name are not there yet; name a directory of the host before it: /DIR:%s", text, text)
	}
	if len(part) < 2 || len(part) > 3 || part[0] == "" {
		return specs.Mount{}, usage("invalid volume %q: want HOST-DIR:CONTAINER-DIR[:ro]", text)
	}
	if !path.IsAbs(part[1]) || path.Clean(part[1]) == "/" {
		return specs.Mount{}, usage("invalid volume %q: the place in the container must be an absolute path, and not /", text)
	}
	if !strings.ContainsAny(part[0], "/.") {
		return specs.Mount{}, usage("volume %q: named volumes are not there yet; name a directory: ./%s or an absolute path", text, part[0])
	}
	source, err := filepath.Abs(part[0])
	if err != nil {
		return specs.Mount{}, usage("invalid volume %q: %w", text, err)
	}
	m := specs.Mount{Type: "bind", Source: source, Destination: path.Clean(part[1]), Options: []string{"rbind"}}
	if len(part) == 3 {
		for _, o := range strings.Split(part[2], ",") {
			switch o {
			case "ro", "rw":
				m.Options = append(m.Options, o)
			case "z", "Z", "rprivate", "private", "nocopy":
			default:
				return specs.Mount{}, usage("invalid volume %q: lab knows the options ro and rw", text)
			}
		}
	}
	return m, nil
}

// parseMount reads type=bind,source=…,target=…[,readonly] and type=tmpfs,target=…[,tmpfs-size=…].
func parseMount(text string) (specs.Mount, error) {
	m := specs.Mount{Type: "volume"}
	var data []string
	for _, field := range strings.Split(text, ",") {
		key, value, has := strings.Cut(field, "=")
		switch key {
		case "type":
			m.Type = value
		case "source", "src":
			m.Source = value
		case "target", "destination", "dst":
			m.Destination = value
		case "readonly", "ro":
			if !has || value == "true" || value == "1" {
				m.Options = append(m.Options, "ro")
			}
		case "tmpfs-size":
			n, err := parseBytes(value)
			if err != nil {
				return m, usage("invalid --mount %q: tmpfs-size wants a number of bytes", text)
			}
			data = append(data, "size="+strconv.FormatInt(n, 10))
		case "tmpfs-mode":
			data = append(data, "mode="+value)
		case "bind-propagation", "consistency":
		default:
			return m, usage("invalid --mount %q: lab does not know the field %q", text, key)
		}
	}
	if !path.IsAbs(m.Destination) || path.Clean(m.Destination) == "/" {
		return m, usage("invalid --mount %q: target must be an absolute path, and not /", text)
	}
	m.Destination = path.Clean(m.Destination)
	switch m.Type {
	case "bind":
		if !path.IsAbs(m.Source) {
			return m, usage("invalid --mount %q: source must be an absolute path", text)
		}
		if _, err := os.Stat(m.Source); err != nil {
			return m, usage("invalid --mount %q: bind source path does not exist: %s", text, m.Source)
		}
		m.Options = append([]string{"rbind"}, m.Options...)
	case "tmpfs":
		m.Source = "tmpfs"
		m.Options = append(append([]string{"nosuid", "nodev", "noexec"}, m.Options...), data...)
	default:
		return m, usage("invalid --mount %q: named volumes are not there yet; use type=bind or type=tmpfs", text)
	}
	return m, nil
}

// parseTmpfs reads DIR[:OPTIONS].
func parseTmpfs(text string) (specs.Mount, error) {
	dir, options, _ := strings.Cut(text, ":")
	if !path.IsAbs(dir) || path.Clean(dir) == "/" {
		return specs.Mount{}, usage("invalid --tmpfs %q: want an absolute path that is not /", text)
	}
	m := specs.Mount{Type: "tmpfs", Source: "tmpfs", Destination: path.Clean(dir), Options: []string{"nosuid", "nodev", "noexec"}}
	if options != "" {
		m.Options = append(m.Options, strings.Split(options, ",")...)
	}
	return m, nil
}

// parseUlimit reads nofile=1024:2048.
func parseUlimit(text string) (specs.POSIXRlimit, error) {
	u, err := units.ParseUlimit(text)
	if err != nil {
		return specs.POSIXRlimit{}, usage("invalid --ulimit %q: want NAME=SOFT[:HARD], such as nofile=1024:2048", text)
	}
	return specs.POSIXRlimit{Type: "RLIMIT_" + strings.ToUpper(u.Name), Soft: uint64(u.Soft), Hard: uint64(u.Hard)}, nil
}

// parseDevice reads HOST[:PATH[:rwm]]: the node to make, and the rule that lets it be used.
func parseDevice(text string) (specs.LinuxDevice, cgroup.DeviceRule, error) {
	part := strings.Split(text, ":")
	host, inside, access := part[0], part[0], "rwm"
	if len(part) > 1 {
		inside = part[1]
	}
	if len(part) > 2 {
		access = part[2]
	}
	var st unix.Stat_t
	if err := unix.Stat(host, &st); err != nil {
		return specs.LinuxDevice{}, cgroup.DeviceRule{}, usage("invalid --device %q: %s: %w", text, host, err)
	}
	kind, letter := "c", byte('c')
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFBLK:
		kind, letter = "b", 'b'
	case unix.S_IFCHR:
	default:
		return specs.LinuxDevice{}, cgroup.DeviceRule{}, usage("invalid --device %q: %s is not a device", text, host)
	}
	if len(part) > 3 || !path.IsAbs(inside) || strings.Trim(access, "rwm") != "" || access == "" {
		return specs.LinuxDevice{}, cgroup.DeviceRule{}, usage("invalid --device %q: want HOST[:PATH[:rwm]]", text)
	}
	major, minor := int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
	mode := os.FileMode(st.Mode & 0o777)
	device := specs.LinuxDevice{Path: path.Clean(inside), Type: kind, Major: major, Minor: minor, FileMode: &mode}
	return device, cgroup.DeviceRule{Allow: true, Type: letter, Major: major, Minor: minor, Access: access}, nil
}
