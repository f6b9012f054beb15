package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

func infoCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "info", Usage: "print what lab has, and on what machine",
		Description: "EXAMPLE:\n   lab info -f '{{.Containers}} containers, {{.Images}} images'",
		Flags:       []cli.Flag{&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "print by a `TEMPLATE` of Go, or json"}},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments")
			}
			about, err := gatherInfo(ctx.String("root"))
			if err != nil {
				return err
			}
			return printAbout(std, ctx.String("format"), about, func() error { return printInfo(std.out, about) })
		},
	}
}

// infoAbout has the names of docker's API.
type infoAbout struct {
	ID, Name                                                           string
	Containers, ContainersRunning, ContainersPaused, ContainersStopped int
	Images                                                             int
	Driver                                                             string
	DriverStatus                                                       [][2]string
	CgroupDriver, CgroupVersion                                        string
	LoggingDriver                                                      string
	SecurityOptions                                                    []string
	KernelVersion, OperatingSystem, OSType, Architecture               string
	NCPU                                                               int
	MemTotal                                                           int64
	DockerRootDir                                                      string
	ServerVersion                                                      string
	DefaultRuntime                                                     string
	Warnings                                                           []string
}

func gatherInfo(root string) (*infoAbout, error) {
	i := &infoAbout{
		Driver: "overlay2", CgroupDriver: "cgroupfs", CgroupVersion: "none", LoggingDriver: "lab", OSType: "linux", NCPU: runtime.NumCPU(),
		DockerRootDir: root, ServerVersion: version, DefaultRuntime: "lab", SecurityOptions: []string{"name=seccomp,profile=builtin"}, ID: container.BootID(),
		Warnings: []string{},
	}
	list, err := listContainers(root)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		i.Containers++
		switch c.phase {
		case container.Running, container.Restarting:
			i.ContainersRunning++
		case container.Paused:
			i.ContainersPaused++
		default:
			i.ContainersStopped++
		}
	}
	images, err := image.Open(root)
	if err != nil {
		return nil, err
	}
	all, err := images.List()
	if err != nil {
		return nil, err
	}
	i.Images = len(all)
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		i.KernelVersion, i.Architecture, i.Name = unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Machine[:]), unix.ByteSliceToString(u.Nodename[:])
	}
	i.MemTotal = int64(machineMemory())
	i.OperatingSystem = osName()
	if m, err := cgroup.Detect(); err != nil {
		i.Warnings = append(i.Warnings, err.Error())
	} else {
		i.CgroupVersion = "1" // a hybrid machine has its controllers in version 1's trees
		if m.Mode == cgroup.V2 {
			i.CgroupVersion = "2"
		}
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(root, &disk); err == nil {
		i.DriverStatus = [][2]string{{"Free", sizeText(int64(disk.Bavail) * disk.Bsize)}, {"Backing Filesystem", fileSystem(disk.Type)}}
	}
	return i, nil
}

// fileSystem is the name that docker has for statfs(2)'s magic number.
func fileSystem(magic int64) string {
	switch magic {
	case unix.EXT4_SUPER_MAGIC:
		return "extfs"
	case unix.XFS_SUPER_MAGIC:
		return "xfs"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs"
	case unix.F2FS_SUPER_MAGIC:
		return "f2fs"
	case unix.NFS_SUPER_MAGIC:
		return "nfs"
	case 0x2fc12fc1:
		return "zfs"
	}
	return fmt.Sprintf("%#x", magic)
}

// osName is PRETTY_NAME of os-release(5).
func osName() string {
	file, err := os.Open("/etc/os-release")
	if err != nil {
		return "Linux"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "PRETTY_NAME="); ok {
			return strings.Trim(name, `"'`)
		}
	}
	return "Linux"
}

func printInfo(out io.Writer, i *infoAbout) error {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, " %s: %v\n", name, value) }
	line("Containers", i.Containers)
	line(" Running", i.ContainersRunning)
	line(" Paused", i.ContainersPaused)
	line(" Stopped", i.ContainersStopped)
	line("Images", i.Images)
	line("Server Version", i.ServerVersion)
	line("Storage Driver", i.Driver)
	for _, pair := range i.DriverStatus {
		line(" "+pair[0], pair[1])
	}
	line("Logging Driver", i.LoggingDriver)
	line("Cgroup Driver", i.CgroupDriver)
	line("Cgroup Version", i.CgroupVersion)
	line("Default Runtime", i.DefaultRuntime)
	line("Security Options", strings.Join(i.SecurityOptions, " "))
	line("Kernel Version", i.KernelVersion)
	line("Operating System", i.OperatingSystem)
	line("OSType", i.OSType)
	line("Architecture", i.Architecture)
	line("CPUs", i.NCPU)
	line("Total Memory", units.BytesSize(float64(i.MemTotal)))
	line("Name", i.Name)
	line("Lab Root Dir", i.DockerRootDir)
	for _, w := range i.Warnings {
		fmt.Fprintf(&b, "WARNING: %s\n", w)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
