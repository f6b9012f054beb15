package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/cgroup"
)

func cgroupCommand(std streams, args []string) *cli.Command {
	return chapter(std, args, "cgroup", "control groups: make, limit, fill and watch them", []verb{
		{"create", "make a group, with or without limits", cgroupCreateCommand},
		{"set", "change the limits of a group", cgroupSetCommand},
		{"run", "run a program in a group", cgroupRunCommand},
		{"join", "move processes into a group", cgroupJoinCommand},
		{"ls", "list lab's groups", cgroupListCommand},
		{"stat", "print what a group's files say, with their names in v1 and v2", cgroupStatCommand},
		{"watch", "show live what a group uses of its limits", cgroupWatchCommand},
		{"freeze", "stop all processes of groups, without their notice", cgroupFreezeCommand},
		{"thaw", "let the processes of groups run again", cgroupThawCommand},
		{"kill", "end all processes of groups, and what they fork meanwhile", cgroupKillCommand},
		{"rm", "remove groups", cgroupRemoveCommand},
	})
}

// ownGroup is the path of a group that the person names: below lab's subtree, beside the containers' and never one of theirs.
func ownGroup(name string) (string, error) {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || part[0] == '-' || strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != "" || len(part) > 64 {
			return "", usage("invalid group name %q: use letters, digits, and _.- after the first one, and / for a group in a group", name)
		}
	}
	if first, _, _ := strings.Cut(name, "/"); isContainerID(first) {
		return "", usage("invalid group name %q: it looks like a container's, whose groups have its id for a name", name)
	}
	return groupPath(name), nil
}

func isContainerID(name string) bool {
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}

// shownAs is a path without lab's subtree: the name that the person gave.
func shownAs(path string) string { return strings.TrimPrefix(path, groupPath("")) }

// openGroup finds a group that is there: one's own by its name, or a container's by the container's.
func openGroup(ctx *cli.Context, name string) (*cgroup.Machine, *cgroup.Group, error) {
	m, err := cgroup.Detect()
	if err != nil {
		return nil, nil, err
	}
	if first, _, _ := strings.Cut(name, "/"); !isContainerID(first) {
		own, err := ownGroup(name)
		if err != nil {
			return nil, nil, err
		}
		g, err := m.Open(own)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return m, g, err
		}
	}
	state, err := findState(ctx.String("root"), name)
	if err == nil {
		g, err := m.Open(groupOf(state))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("container %s is not running, and has no group then", name)
		}
		return m, g, err
	}
	if !errors.Is(err, errNoContainer) {
		return nil, nil, err
	}
	return nil, nil, advise(fmt.Errorf("there is no group %s, and no such container", name),
		"`lab cgroup ls` lists what there is; `lab cgroup create %s` makes it", path.Clean(name))
}

// oneGroup is the argument of a verb that takes one group and nothing else.
func oneGroup(ctx *cli.Context, args []string) (*cgroup.Machine, *cgroup.Group, error) {
	if len(args) != 1 {
		return nil, nil, wants(ctx, "the name of one group")
	}
	return openGroup(ctx, args[0])
}
