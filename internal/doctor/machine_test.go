package doctor

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

func TestLook(t *testing.T) {
	for name, want := range map[string]Machine{
		"wsl2": {
			Kernel: "5.15.153.1-microsoft-standard-WSL2", Distribution: "Ubuntu 22.04.4 LTS", Family: WSL, WSL: 2,
			RootFS: "ext4", Limits: Limits{Max: "63428"},
		},
		"wsl1": {Kernel: "4.4.0-22621-Microsoft", Distribution: "Debian GNU/Linux 12 (bookworm)", Family: WSL, WSL: 1},
		"ubuntu-24.04": {
			Kernel: "6.8.0-31-generic", Distribution: "Ubuntu 24.04 LTS", Family: Ubuntu,
			RootFS: "ext4", Limits: Limits{AppArmor: "1", Clone: "1", Max: "62916"},
		},
		"debian-restricted": {
			Kernel: "6.1.0-18-amd64", Distribution: "Debian GNU/Linux 12 (bookworm)", Family: Debian,
			RootFS: "ext4", Limits: Limits{Clone: "0", Max: "15571"},
		},
		"fedora": {
			Kernel: "6.8.9-300.fc40.x86_64", Distribution: "Fedora Linux 40 (Workstation Edition)", Family: Fedora,
			RootFS: "btrfs", Limits: Limits{Max: "0"},
		},
		"docker":            {Kernel: "6.1.0-18-amd64", Distribution: "Alpine Linux v3.20", Family: Other, Container: "docker", RootFS: "overlay"},
		"live-overlay-root": {Kernel: "6.8.0", Distribution: "Rocky Linux 9.4", Family: Fedora, RootFS: "overlay"},
		"podman-rootless":   {Kernel: "6.8.0", Family: Other, Container: "podman", UserNS: true, RootFS: "overlay"},
		"nspawn":            {Kernel: unameRelease(), Family: Other, Container: "systemd-nspawn", RootFS: "ext4"},
		"nothing":           {Kernel: unameRelease(), Family: Other},
	} {
		t.Run(name, func(t *testing.T) {
			got := Look("testdata/" + name)
			got.mounts, want.Architecture, want.Proc = nil, runtime.GOARCH, "none"
			assert.Equal(t, want, got)
		})
	}
}

func TestProcOf(t *testing.T) {
	for number, want := range map[string]string{strconv.Itoa(os.Getpid()): "own", "1": "other", "": "other"} {
		root := t.TempDir()
		require.NoError(t, os.Mkdir(root+"/proc", 0o755))
		assert.Equal(t, "none", procOf(root), "a directory alone")
		require.NoError(t, os.WriteFile(root+"/proc/uptime", nil, 0o600))
		if number != "" {
			require.NoError(t, os.Symlink(number, root+"/proc/self"))
		}
		assert.Equal(t, want, procOf(root), number)
	}
	for proc, want := range map[string]string{"none": "mount -t proc", "other": "unshare --pid", "own": "modprobe"} {
		b := &Bench{Machine: Machine{Proc: proc}, root: true, clone: func(kernel.Start) (*kernel.Child, error) {
			return nil, &kernel.Error{Op: kernel.Op{Call: "mount"}, Errno: unix.EPERM}
		}}
		r, err := b.run(context.Background(), []Check{{Name: "overlay", Try: tryOverlay, Mend: mendModule("overlay")}})
		require.NoError(t, err)
		assert.Contains(t, r.Results[0].Here, want, proc)
	}
}

func TestMountOf(t *testing.T) {
	docker := Look("testdata/docker").mounts
	wsl := Look("testdata/wsl2").mounts
	for _, c := range []struct {
		mounts     []mount
		path, want string
	}{
		{docker, "/var/lib/lab", "overlay"},
		{docker, "/my data/lab", "ext4"},
		{docker, "/my database", "overlay"},
		{wsl, "/mnt/c/Users", "9p"},
		{wsl, "/var/lib/lab", "ext4"},
		{[]mount{{"/a", "ext4", ""}, {"/a", "tmpfs", ""}}, "/a/b", "tmpfs"},
	} {
		on := mountOf(c.mounts, c.path)
		require.NotNil(t, on, c.path)
		assert.Equal(t, c.want, on.kind, c.path)
	}
	assert.Nil(t, mountOf(nil, "/"))
}

func TestParseRelease(t *testing.T) {
	for release, want := range map[string][2]int{
		"6.1.0-44-amd64": {6, 1}, "5.15.153.1-microsoft-standard-WSL2": {5, 15}, "3.12-rc5": {3, 12}, "6.18.44-fc-v657": {6, 18}, "7.0": {7, 0},
	} {
		major, minor, err := parseRelease(release)
		require.NoError(t, err)
		assert.Equal(t, want, [2]int{major, minor}, release)
	}
	for _, release := range []string{"", "6", "six.one", "6.", "-6.1", "6.x"} {
		_, _, err := parseRelease(release)
		assert.Error(t, err, release)
	}
}

func TestVersionAndWSL(t *testing.T) {
	for release, want := range map[string]State{"5.10.0": No, "4.19": No, "5.11.0": Yes, "6.1.0-18-amd64": Yes, "": No} {
		b := &Bench{Machine: Machine{Kernel: release}}
		assert.Equal(t, want, tryVersion(b).State, release)
	}
	assert.Equal(t, No, tryWSL(&Bench{Machine: Look("testdata/wsl1")}).State)
	assert.Equal(t, Yes, tryWSL(&Bench{Machine: Look("testdata/wsl2")}).State)
	assert.Equal(t, Yes, tryWSL(&Bench{Machine: Look("testdata/fedora")}).State)
}

func TestSurroundings(t *testing.T) {
	for name, want := range map[string]string{
		"docker": "inside a container of docker", "live-overlay-root": "no container, but / is an overlay", "fedora": "not inside a container",
		"wsl2": "not inside a container", "podman-rootless": "inside a container of podman",
	} {
		assert.Equal(t, want, tryContainer(&Bench{Machine: Look("testdata/" + name)}).Text, name)
	}
}

// The reason for a refusal is the switch that is off, and the command turns that one.
func TestLimitsExplain(t *testing.T) {
	for name, c := range map[string]struct {
		err        error
		text, mend string
	}{
		"ubuntu-24.04":      {unix.EACCES, "AppArmor takes their rights away", "kernel.apparmor_restrict_unprivileged_userns=0"},
		"debian-restricted": {unix.EPERM, "for root only", "kernel.unprivileged_userns_clone=1"},
		"fedora":            {unix.ENOSPC, "switched off", "user.max_user_namespaces=15000"},
		"wsl2":              {unix.ENOSPC, "no more than user.max_user_namespaces = 63428", "user.max_user_namespaces=15000"},
		"nothing":           {unix.EINVAL, "invalid argument", ""},
	} {
		f := Look("testdata/" + name).Limits.explain(c.err)
		assert.Equal(t, No, f.State)
		assert.Contains(t, f.Text, c.text, name)
		assert.Contains(t, f.Mend.Any, c.mend, name)
		assert.Equal(t, c.mend == "", f.Mend == Mend{}, name)
	}
}

func TestContainerVariable(t *testing.T) {
	assert.Equal(t, "podman", containerVariable("A=b\x00container=podman\x00"))
	assert.Empty(t, containerVariable("mycontainer=x\x00container=\x00"))
}

func FuzzParsers(f *testing.F) {
	f.Add("629 515 0:51 / / rw - overlay overlay rw\n")
	f.Add("PRETTY_NAME=\"a \\\"b\\\"\"\nID='x'\n")
	f.Add("6.1-rc\n")
	f.Add("memory\t4\t111\t1\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range parseMounts(text) {
			assert.NotEmpty(t, m.kind)
		}
		family(parseOSRelease(text))
		_, _, _ = parseRelease(text)
		_, _, _ = subsystem(text, "memory")
		wslVersion(text)
		otherUsers(text)
		_ = settle([]byte(text), map[uint32]string{})
	})
}
