package main

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/ns"
)

func nsCommand(std streams, args []string) *cli.Command {
	return chapter(std, args, "ns", "namespaces: make, enter, list and compare them", []verb{
		{"unshare", "run a program in new namespaces", nsUnshareCommand},
		{"enter", "run a program in the namespaces of a process", nsEnterCommand},
		{"ls", "list namespaces", nsListCommand},
		{"tree", "show which processes share which namespaces", nsTreeCommand},
		{"rm", "let go of namespaces that files keep", nsRemoveCommand},
	})
}

// optional is a flag that may stand alone or have a value: -n, --net=FILE.
type optional struct {
	set   bool
	value string
}

func (o *optional) Set(text string) error {
	o.set, o.value = true, text
	if text == "true" { // what package flag says for a flag that stands alone
		o.value = ""
	}
	return nil
}

func (o *optional) String() string {
	if o == nil || !o.set {
		return ""
	}
	if o.value == "" {
		return "true"
	}
	return o.value
}

// IsBoolFlag tells package flag that the value may be missing.
func (o *optional) IsBoolFlag() bool { return true }

func optionalFlag(name, short, about string) cli.Flag {
	f := &cli.GenericFlag{Name: name, Usage: about, Value: &optional{}}
	if short != "" {
		f.Aliases = []string{short}
	}
	return f
}

// given returns an optional flag: whether it was there, and its value.
func given(ctx *cli.Context, name string) (bool, string) {
	if o, ok := ctx.Generic(name).(*optional); ok {
		return o.set, o.value
	}
	return false, ""
}

// kindFlags are the eight kinds with util-linux's letters. file says what a value of such a flag means.
func kindFlags(file string) []cli.Flag {
	var flags []cli.Flag
	for _, k := range ns.Kinds() {
		flags = append(flags, optionalFlag(k.Long, string(k.Option), k.Isolates+"; "+fmt.Sprintf(file, k.Long)))
	}
	return flags
}

// kindsGiven reads them: the kinds that were named, and the files of those that had one.
func kindsGiven(ctx *cli.Context) (set ns.Set, files map[ns.Set]string) {
	files = map[ns.Set]string{}
	for _, k := range ns.Kinds() {
		switch there, file := given(ctx, k.Long); {
		case there && file != "":
			files[k.Flag] = file
		case there:
			set |= k.Flag
		}
	}
	return set, files
}

// idFlag reads a flag that is a user or group id; nil where it was not given.
func idFlag(ctx *cli.Context, flag string) (*uint32, error) {
	if !ctx.IsSet(flag) {
		return nil, nil
	}
	n, err := strconv.ParseUint(ctx.String(flag), 10, 32)
	if err != nil {
		return nil, usage("invalid --%s %q: want a number", flag, ctx.String(flag))
	}
	v := uint32(n)
	return &v, nil
}

// processNamed reads a process id, or the name or id of a running container, whose PID 1 it then is.
func processNamed(root, text string) (int, error) {
	if pid, err := strconv.Atoi(text); err == nil && len(text) < 12 { // a container's id may be digits only
		if pid <= 0 {
			return 0, usage("invalid process id %q", text)
		}
		return pid, nil
	}
	state, err := findState(root, text)
	if errors.Is(err, errNoContainer) {
		return 0, fmt.Errorf("%q is neither a process id nor a container", text)
	}
	if err != nil {
		return 0, err
	}
	if !state.Alive() {
		return 0, advise(fmt.Errorf("container %s is not running, so there is no process whose namespaces could be meant", text),
			"namespaces live as long as something is in them; `lab ps -a` lists what has ended")
	}
	return state.PID, nil
}

// userNames looks up names of users and remembers them.
type userNames map[uint32]string

func (u userNames) of(uid uint32) string {
	name, known := u[uid]
	if !known {
		name = strconv.FormatUint(uint64(uid), 10)
		if found, err := user.LookupId(name); err == nil {
			name = found.Username
		}
		u[uid] = name
	}
	return name
}
