package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/unionfs"
)

func unionfsMountCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "TARGET",
		Description: `What is written below TARGET goes to the upper directory; the lower ones are never changed. Without --upper nothing can
be written. The mount stays until ` + "`lab unionfs umount TARGET`" + `.

EXAMPLE:
   mkdir lower upper work merged
   lab unionfs mount --lower lower --upper upper --work work merged
   lab unionfs mount -o lowerdir=lower,upperdir=upper,workdir=work merged`,
		Flags: andWatch(append(unionFlags(),
			&cli.StringFlag{Name: "work", Aliases: []string{"w"}, Usage: "an empty directory beside upper, for the kernel (`DIR`)"},
			&cli.StringSliceFlag{Name: "options", Aliases: []string{"o"}, Usage: "`lowerdir=…,upperdir=…,workdir=…`, and ro, volatile, userxattr"},
			&cli.BoolFlag{Name: "read-only", Usage: "let nothing be written"},
			&cli.BoolFlag{Name: "volatile", Usage: "never wait for the disk"},
			&cli.BoolFlag{Name: "userxattr", Usage: "keep marks where a user namespace may: user.overlay.*"},
		)...),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) != 1 {
				return wants(ctx, "one directory to mount on")
			}
			o, err := overlayOf(ctx, args[0])
			if err != nil {
				return err
			}
			if err := upperTaken(o); err != nil {
				return err
			}
			return mountHint(o, unionfs.Mount(o))
		}),
	}
}

// overlayOf joins -o and the flags. All paths become absolute, so that whoever reads /proc/mounts later understands them.
func overlayOf(ctx *cli.Context, target string) (unionfs.Overlay, error) {
	text := strings.Join(ctx.StringSlice("options"), ",")
	if unknown := unionfs.Unknown(text); len(unknown) > 0 {
		return unionfs.Overlay{}, usage("lab does not know the mount option %q; `mount -t overlay` may", unknown[0])
	}
	o := unionfs.ParseOptions(text)
	o.Target = target
	o.Lower = append(o.Lower, ctx.StringSlice("lower")...)
	for _, f := range [...]struct {
		flag string
		to   *string
	}{{"upper", &o.Upper}, {"work", &o.Work}} {
		if value := ctx.String(f.flag); value != "" {
			if *f.to != "" {
				return o, usage("--%s and -o %sdir= say the same: use one of them", f.flag, f.flag)
			}
			*f.to = value
		}
	}
	o.ReadOnly = o.ReadOnly || ctx.Bool("read-only")
	o.Volatile = o.Volatile || ctx.Bool("volatile")
	o.UserXattr = o.UserXattr || ctx.Bool("userxattr")
	switch {
	case len(o.Lower) == 0:
		return o, usage("unionfs mount wants at least one --lower directory")
	case o.Upper == "" && o.Work != "":
		return o, usage("a work directory is for an upper one: give --upper too")
	case len(o.Lower) == 1 && o.Upper == "": // the kernel refuses it too; what engines mount then is no overlay
		return o, usage("one lower directory alone is no union: give another --lower, or --upper and --work")
	case o.Upper != "" && o.Work == "" && !o.ReadOnly:
		return o, usage("an upper directory wants a --work directory beside it, where the kernel prepares what it then renames into upper")
	}
	for _, dir := range o.Lower {
		if dir == "" {
			return o, usage("a lower directory has an empty name")
		}
	}
	var err error
	for _, dir := range append([]*string{&o.Target, &o.Upper, &o.Work}, pointers(o.Lower)...) {
		if *dir != "" {
			if *dir, err = filepath.Abs(*dir); err != nil {
				return o, fmt.Errorf("find %s: %w", *dir, err)
			}
		}
	}
	return o, nil
}

func pointers(list []string) []*string {
	var p []*string
	for i := range list {
		p = append(p, &list[i])
	}
	return p
}

// upperTaken refuses an upper or work directory that another overlay has. The kernel only notes it in its log, and says of what is
// written through both: undefined.
func upperTaken(o unionfs.Overlay) error {
	if o.Upper == "" || o.ReadOnly {
		return nil
	}
	all, err := unionfs.Mounts()
	for _, other := range all {
		if other.ReadOnly || other.Upper == "" || !sameFile(o.Upper, other.Upper) && !sameFile(o.Work, other.Work) {
			continue
		}
		return advise(fmt.Errorf("mount overlay at %s: its upper or work directory is that of the overlay at %s", o.Target, other.Target),
			"two overlays may share lower directories only: `lab unionfs umount %s`, or make another upper and work", other.Target)
	}
	return err
}

func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	second, other := os.Stat(b)
	return err == nil && other == nil && os.SameFile(first, second)
}

// mountHint names the directories that are missing.
func mountHint(o unionfs.Overlay, err error) error {
	if err == nil {
		return nil
	}
	var missing []string
	for _, dir := range append(append([]string{}, o.Lower...), o.Upper, o.Work, o.Target) {
		if dir != "" && !isThere(dir) {
			missing = append(missing, dir)
		}
	}
	if len(missing) > 0 {
		return advise(err, "mkdir -p %s", strings.Join(missing, " "))
	}
	return err
}

func unionfsUmountCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage:   "TARGET [TARGET…]",
		Description: "The directories stay as they are, and with them all that was written.\n\nEXAMPLE:\n   lab unionfs umount merged",
		Flags:       andWatch(),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) == 0 {
				return wants(ctx, "a directory where an overlay is mounted")
			}
			for _, target := range args {
				o, err := unionfs.Find(target)
				if o.Target == "" && err != nil { // one with relative paths can be taken away too
					return notMounted(err)
				}
				if err := unionfs.Unmount(o.Target); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}
