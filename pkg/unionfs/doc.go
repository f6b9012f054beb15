// Package unionfs is chapter 4: the union file system, which makes an image of layers and a container of an image.
//
// # Two directories, one tree
//
// A union shows several directories as one. Overlayfs, the one in Linux, takes any number of lower directories, which it only reads, and one upper
// directory, which gets every change. By hand:
//
//	mkdir upper lower work merged
//	echo "from lower" > lower/in_both.txt; echo hello > lower/in_lower.txt
//	echo "from upper" > upper/in_both.txt; echo hello > upper/in_upper.txt
//	mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
//	cat merged/in_both.txt             # from upper
//
// and with this package:
//
//	unionfs.Mount(unionfs.Overlay{Lower: []string{"lower"}, Upper: "upper", Work: "work", Target: "merged"})
//
// The runnable examples do this, and then look into the directories, for nothing in them is hidden:
//
//   - A name is seen in the topmost directory that has it. Directories of the same name are merged.
//   - A lower file that is opened for writing is first copied into upper: copy-up. The lower one never changes.
//   - A lower file that is deleted must stay, so upper gets a whiteout in its place: a character device with the number 0/0.
//   - A lower directory that is deleted and made again is a new directory in upper with the attribute trusted.overlay.opaque=y, "look no further".
//   - work is where the kernel prepares a file before it renames it into upper, so that nobody ever sees half of one. Hence the two must
//     be on one file system.
//
// [Show] says of each name where it comes from and what it hides, by reading the directories alone. [Diff] says what upper changes.
//
// # From union to image
//
// Let each lower directory be a layer of an image and upper the container's own: now a hundred containers share one image, start with an empty
// directory, and each sees only its own writes. A commit makes upper one more layer.
//
// To travel, a layer is a tar stream. Tar knows neither device 0/0 as "deleted" nor overlayfs's attributes, so the OCI image specification (layer.md) has
// names instead: an empty file ".wh.NAME" deletes NAME, an empty file ".wh..wh..opq" makes its directory opaque. [Apply] translates one way, [Layer] the other;
// [Tree] writes the merged tree as it is, which is what export does.
//
//	          Apply                     Mount
//	tar stream ───▶ lower directory ─────────▶ merged tree
//	           ◀─── upper directory ◀─────────
//	          Layer                     writes
//
// AUFS, which Docker began with, called the directories branches and marked each read-only, read-write or "whiteout-able"; it was never merged into
// Linux, but the ".wh." names are its own. Docker's overlay2 driver keeps for each layer a directory with diff (the files), link (a short name,
// so that many layers fit into the options), lower (the short names of those below), work and, while mounted, merged.
//
// # What to look out for
//
//   - An upper directory cannot be on an overlay, which is what one has inside of a container: [ErrNested]. Use a tmpfs.
//   - mount(2) takes one page of options, some forty layers. [Overlay.Ops] goes on with fsconfig(2), layer by layer.
//   - The lower directories must not change while mounted: what is then seen is undefined, says the kernel's documentation.
//   - An open file keeps showing the lower file it was opened as, while a later writer has the copy: the one place where a union is not one file system.
//   - Volatile mounts never wait for the disk; fine for a container that ends with its files.
//   - On ext4, see [Spread] before unpacking much.
//   - A layer is foreign data, unpacked as root. The comment of [Apply] lists what it refuses, and why.
//
// # Where to read on
//
// Documentation/filesystems/overlayfs.rst in the kernel's sources; mount(2), fsopen(2), fsconfig(2), mknod(2), xattr(7), openat2(2).
// In this package start with overlay.go, then whiteout.go, then apply.go.
package unionfs
