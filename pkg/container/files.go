package container

import (
	"path"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// File is a small file that lab writes for the container: /etc/hosts, /etc/hostname, /etc/resolv.conf.
type File struct {
	Path    string // in the container
	Content string
}

// giveFiles writes the files in the container's own /dev, which is memory, and mounts each over the image's file. They never
// touch the disk or the container's layer, and vanish with its mounts. A symbolic link in the image is covered, not followed.
func (b *builder) giveFiles() {
	for _, f := range b.c.Files {
		why := "give it its " + f.Path
		temp := "/dev/." + path.Base(f.Path)
		fd, tree := b.slot(), b.slot()
		if dir := path.Dir(f.Path); dir != "/" {
			b.mkdir(dir)
		}
		b.add(
			kernel.Open(temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o644).Into(fd).For(why),
			kernel.Write(fd.Ref(), f.Content).For(why).AsShell("echo … > "+temp),
			kernel.Close(fd.Ref()).For(why),
			kernel.Open(f.Path, unix.O_CREAT|unix.O_EXCL, 0o644).Ignoring(unix.EEXIST, unix.EROFS).For(why),
			kernel.OpenTree(kernel.AtCwd, temp, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC).Into(tree).For(why),
			kernel.MoveMount(tree.Ref(), "", kernel.AtCwd, f.Path, unix.MOVE_MOUNT_F_EMPTY_PATH).For(why).AsShell("mount --bind "+temp+" "+f.Path),
			kernel.Close(tree.Ref()).For(why),
			kernel.Unlink(temp).For(why),
		)
	}
}
