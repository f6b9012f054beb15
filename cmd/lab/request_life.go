package main

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/monitor"
	"github.com/container-labs/lab/pkg/container"
)

// lifeFlags are what run and create say about a container's life after its start.
func lifeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "restart", Usage: "start it again when it ends: no, on-failure[:`N`], always or unless-stopped", Value: "no"},
		&cli.StringFlag{Name: "stop-signal", Usage: "the `SIGNAL` with which stop asks it to end (default: the image's, else SIGTERM)"},
		&cli.IntFlag{Name: "stop-timeout", Usage: "how many `SECONDS` stop waits before the kill", Value: 10},
		&cli.StringSliceFlag{Name: "log-opt", Usage: "max-size=`BYTES`, and with it max-file=N: keep the newest N parts of its log"},
		&cli.StringFlag{Name: "log-driver", Usage: "Docker's word for where its output goes; here it is always a file (`NAME`: json-file or local)", Hidden: true},
	}
}

// attachFlags are about a person's terminal and a container.
func attachFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "detach-keys", Usage: "`KEYS` that leave it running: " + monitor.DetachKeys, Value: monitor.DetachKeys},
		&cli.BoolFlag{Name: "sig-proxy", Usage: "pass signals on to it; the third ctrl-c or SIGTERM in a row, within a second each, leaves it running, or with run --rm kills it", Value: true},
	}
}

func (r *request) life(ctx *cli.Context) error {
	var err error
	s := &r.settings
	if s.Restart, err = parseRestart(ctx.String("restart")); err != nil {
		return err
	}
	if s.Restart.String() != "no" && r.remove {
		return usage("conflicting options: cannot specify both --restart and --rm")
	}
	if s.StopSignal = ctx.String("stop-signal"); s.StopSignal != "" {
		if _, err := parseSignal(s.StopSignal); err != nil {
			return usage("invalid --stop-signal %q: want a name such as SIGTERM or a number", s.StopSignal)
		}
	}
	if ctx.IsSet("stop-timeout") {
		seconds := ctx.Int("stop-timeout")
		s.StopTimeout = &seconds
	}
	if s.Log, err = parseLogOptions(ctx.StringSlice("log-opt")); err != nil {
		return err
	}
	if err := oneOf("--log-driver", ctx.String("log-driver"), "", "json-file", "local"); err != nil {
		return err
	}
	if r.detach && r.remove && ctx.Bool("step") {
		return usage("--step needs lab in the foreground: leave -d away")
	}
	for _, name := range ctx.StringSlice("attach") {
		if err := oneOf("--attach", strings.ToLower(name), "stdin", "stdout", "stderr"); err != nil {
			return err
		}
		r.attach = append(r.attach, strings.ToLower(name))
	}
	if len(r.attach) > 0 && r.detach {
		return usage("conflicting options: --attach and --detach")
	}
	r.keys, r.proxy = ctx.String("detach-keys"), ctx.Bool("sig-proxy")
	if _, err := monitor.ParseKeys(r.keys); err != nil {
		return usage("%w", err)
	}
	s.OpenStdin, s.Init, s.Network, s.Privileged, s.User = r.stdin, r.init, r.network, r.config.Privileged, r.user
	s.SecurityOpt = ctx.StringSlice("security-opt")
	return nil
}

func parseRestart(text string) (container.RestartPolicy, error) {
	name, count, counted := strings.Cut(text, ":")
	p := container.RestartPolicy{Name: name}
	switch name {
	case "", "no":
		p.Name = "no"
	case "always", "unless-stopped", "on-failure":
	default:
		return p, usage("invalid --restart %q: want no, on-failure[:N], always or unless-stopped", text)
	}
	if !counted {
		return p, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || name != "on-failure" {
		return p, usage("invalid --restart %q: only on-failure takes a number of times, such as on-failure:3", text)
	}
	p.Retries = n
	return p, nil
}

func parseLogOptions(list []string) (container.LogOptions, error) {
	var o container.LogOptions
	given, err := keyValues("--log-opt", list)
	if err != nil {
		return o, err
	}
	for key, value := range given {
		switch key {
		case "max-size":
			n, err := parseBytes(value)
			if err != nil || n <= 0 {
				return o, usage("invalid --log-opt max-size=%s: want a number of bytes such as 10m", value)
			}
			o.MaxSize = n
		case "max-file":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return o, usage("invalid --log-opt max-file=%s: want a number from 1", value)
			}
			o.MaxFiles = n
		default:
			return o, usage("unknown --log-opt %s: lab knows max-size and max-file", key)
		}
	}
	if o.MaxFiles > 1 && o.MaxSize == 0 {
		return o, usage("--log-opt max-file needs max-size: a log that never gets full has one part")
	}
	return o, nil
}
