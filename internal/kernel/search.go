package kernel

import (
	"strings"

	"golang.org/x/sys/unix"
)

// DefaultPath is where a program is looked for when its environment has no PATH.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Exec ends a list: it executes args[0] with the environment env, and looks for it as execvp(3) does.
//
// A name with a slash is one execve. Any other name is tried in every directory of env's PATH ([DefaultPath]
// where env has none), one execve each; all but the last go on when the file is not there or may not be executed.
// The search happens when the ops run, and so in the root that the ops before them made: a path found by
// exec.LookPath would be one of the host's.
//
// An empty args gives no ops at all: the list then has no end, which the caller must refuse.
func Exec(args, env []string) []Op {
	if len(args) == 0 {
		return nil
	}
	name := args[0]
	if strings.Contains(name, "/") || name == "" {
		return []Op{Execve(name, args, env).For("execute " + name)}
	}
	dirs := strings.Split(searchPath(env), ":")
	ops := make([]Op, len(dirs))
	for i, dir := range dirs {
		if dir == "" {
			dir = "." // an empty element of PATH has always meant the current directory
		}
		op := Execve(strings.TrimRight(dir, "/")+"/"+name, args, env).For("execute " + name)
		if i < len(dirs)-1 {
			op = op.Ignoring(unix.ENOENT, unix.ENOTDIR, unix.EACCES)
		}
		ops[i] = op
	}
	return ops
}

// searchPath is the PATH of env; the last one counts, as it does for a shell. An empty PATH is none.
func searchPath(env []string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if path, ok := strings.CutPrefix(env[i], "PATH="); ok && path != "" {
			return path
		}
	}
	return DefaultPath
}
