package main

import (
	"os"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/container"
)

// request is what `lab run` was asked for: all flags checked, nothing done yet.
type request struct {
	root, image, name string
	args              []string // after the image
	entrypoint        *string
	user              string
	groups            []string
	config            container.Config
	volumes           []specs.Mount
	shm               int64
	hostDevices       map[string]string // of --device: the host's path by the container's
	seccomp           string            // "", "unconfined", or a file
	userns            string
	network           string
	pull, platform    string
	labels            map[string]string
	cidfile           string
	stdin, remove     bool
	detach, proxy     bool
	created           bool // made by create: nothing of it runs yet
	keys              string
	attach            []string // "stdin", "stdout", "stderr"; none: all that there are
	settings          container.Settings
	init, quiet, dry  bool
}

func newRequest(ctx *cli.Context) (*request, error) {
	r := &request{
		root: ctx.String("root"), image: ctx.Args().First(), args: ctx.Args().Tail(), name: ctx.String("name"),
		user: ctx.String("user"), groups: ctx.StringSlice("group-add"), pull: ctx.String("pull"), platform: ctx.String("platform"),
		cidfile: ctx.String("cidfile"), stdin: ctx.Bool("interactive"), remove: ctx.Bool("rm"), init: ctx.Bool("init"),
		quiet: ctx.Bool("quiet"), dry: ctx.Bool("dry-run"), detach: ctx.Bool("detach"),
	}
	if ctx.IsSet("entrypoint") {
		e := ctx.String("entrypoint")
		r.entrypoint = &e
	}
	for _, step := range [...]func(*cli.Context) error{
		r.names, r.process, r.limits, r.rlimits, r.mounts, r.tasks, r.security, r.namespaces, r.rest, r.life,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *request) names(ctx *cli.Context) error {
	if r.name != "" && !validName(r.name) {
		return usage("invalid container name %q: it takes two characters or more, letters and digits, and _.- after the first one", r.name)
	}
	r.config.Hostname, r.config.Domain = ctx.String("hostname"), ctx.String("domainname")
	if len(r.config.Hostname) > 63 {
		return usage("invalid host name %q: the kernel allows at most 64 bytes, and DNS 63", r.config.Hostname)
	}
	return oneOf("--pull", r.pull, "always", "missing", "never")
}

func (r *request) process(ctx *cli.Context) error {
	r.config.TTY = ctx.Bool("tty")
	for _, file := range ctx.StringSlice("env-file") {
		lines, err := readEnvFile(file)
		if err != nil {
			return err
		}
		r.config.Env = append(r.config.Env, lines...)
	}
	for _, e := range ctx.StringSlice("env") {
		entry, keep, err := envEntry(e)
		if err != nil {
			return err
		}
		if keep {
			r.config.Env = append(r.config.Env, entry)
		}
	}
	if w := ctx.String("workdir"); w != "" {
		if !path.IsAbs(w) {
			return usage("the working directory %q is invalid, it needs to be an absolute path", w)
		}
		r.config.Cwd = w
	}
	if ctx.IsSet("oom-score-adj") {
		adj := ctx.Int("oom-score-adj")
		if adj < -1000 || adj > 1000 {
			return usage("invalid --oom-score-adj %d: it goes from -1000 to 1000", adj)
		}
		r.config.OOMAdj = &adj
	}
	return nil
}

func (r *request) rest(ctx *cli.Context) error {
	var err error
	if r.config.Sysctls, err = keyValues("--sysctl", ctx.StringSlice("sysctl")); err != nil {
		return err
	}
	if err := namespacedSysctls(r.config.Sysctls, r.network == "host", ctx.String("ipc") == "host"); err != nil {
		return err
	}
	if r.labels, err = labelsOf(ctx); err != nil {
		return err
	}
	if r.cidfile != "" {
		if _, err := os.Stat(r.cidfile); err == nil {
			return usage("the file %s of --cidfile exists already: remove it, or name another", r.cidfile)
		}
	}
	if r.config.TTY && r.stdin && !r.detach && ctx.Command.Name == "run" && !isTerminal(0) {
		return usage("the input device is not a TTY: leave -t away, or run lab from a terminal")
	}
	return nil
}

func oneOf(flag, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return usage("invalid %s %q: want %s", flag, value, strings.Join(slices.DeleteFunc(slices.Clone(allowed), func(a string) bool { return a == "" }), " or "))
}

func keyValues(flag string, list []string) (map[string]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	m := make(map[string]string, len(list))
	for _, text := range list {
		key, value, ok := strings.Cut(text, "=")
		if key == "" || (!ok && flag != "--label") {
			return nil, usage("invalid %s %q: want KEY=VALUE", flag, text)
		}
		m[key] = value
	}
	return m, nil
}

// labelsOf are the labels of the files of --label-file, a line each, and then those of --label.
func labelsOf(ctx *cli.Context) (map[string]string, error) {
	var list []string
	for _, name := range ctx.StringSlice("label-file") {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, usage("read the file of labels: %w", err)
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				list = append(list, line)
			}
		}
	}
	return keyValues("--label", append(list, ctx.StringSlice("label")...))
}

func validName(name string) bool {
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("_.-", c)) {
			return false
		}
	}
	return len(name) > 1 && len(name) <= 128
}
