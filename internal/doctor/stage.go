package doctor

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// stageDir is a directory that every machine has, for a child in a mount namespace of its own to mount a tmpfs on: so that what
// it makes is in no place that anybody else sees, and nothing is to be removed.
func stageDir() (string, error) {
	for _, dir := range [...]string{"/tmp", "/mnt", "/run", "/var", "/dev", "/etc"} {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			return dir, nil
		}
	}
	return "", errors.New("this machine has no /tmp, /mnt, /run, /var, /dev or /etc to mount something on")
}

func private() kernel.Op {
	return kernel.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "").For("make the mounts private")
}

func tmpfs(dir string) kernel.Op {
	return kernel.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755").For("mount a tmpfs")
}

// below lists the making of directories.
func below(dir string, names ...string) []kernel.Op {
	ops := make([]kernel.Op, len(names))
	for i, name := range names {
		ops[i] = kernel.Mkdir(dir+"/"+name, 0o755).For("make a directory")
	}
	return ops
}
