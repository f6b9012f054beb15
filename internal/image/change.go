package image

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Change applies one line of a Dockerfile to a config, as import and commit take
// them with --change: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, SHELL, STOPSIGNAL,
// USER, VOLUME and WORKDIR. The error wraps ErrChange.
func Change(c *Config, line string) error {
	verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	bad := func(why string) error { return fmt.Errorf("%w: %q: %s", ErrChange, line, why) }
	if rest == "" {
		return bad("it needs a value")
	}
	switch strings.ToUpper(verb) {
	case "CMD":
		c.Cmd = command(c, rest)
	case "ENTRYPOINT":
		c.Entrypoint = command(c, rest)
	case "SHELL":
		words, ok := jsonWords(rest)
		if !ok || len(words) == 0 {
			return bad(`it takes a list: ["/bin/sh", "-c"]`)
		}
		c.Shell = words
	case "USER":
		c.User = rest
	case "STOPSIGNAL":
		c.StopSignal = rest
	case "ONBUILD":
		c.OnBuild = append(c.OnBuild, rest)
	case "WORKDIR":
		c.WorkingDir = workdir(c.WorkingDir, rest)
	case "ENV", "LABEL":
		pairs, err := pairs(rest)
		if err != nil {
			return bad(err.Error())
		}
		for _, p := range pairs {
			if strings.EqualFold(verb, "ENV") {
				setEnv(c, p[0], p[1])
			} else {
				if c.Labels == nil {
					c.Labels = map[string]string{}
				}
				c.Labels[p[0]] = p[1]
			}
		}
	case "VOLUME":
		paths, ok := jsonWords(rest)
		if !ok {
			paths = strings.Fields(rest)
		}
		c.Volumes = addAll(c.Volumes, paths)
	case "EXPOSE":
		var ports []string
		for _, p := range strings.Fields(rest) {
			more, why := exposed(p)
			if why != "" {
				return bad(why)
			}
			ports = append(ports, more...)
		}
		c.ExposedPorts = addAll(c.ExposedPorts, ports)
	default:
		return bad("only CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME and WORKDIR can be changed")
	}
	return nil
}

// command is a list in JSON (the exec form), or a line for the shell.
func command(c *Config, rest string) []string {
	if words, ok := jsonWords(rest); ok {
		return words
	}
	shell := c.Shell
	if len(shell) == 0 {
		shell = []string{"/bin/sh", "-c"}
	}
	return append(slices.Clone(shell), rest)
}

func jsonWords(s string) ([]string, bool) {
	if !strings.HasPrefix(s, "[") {
		return nil, false
	}
	words := []string{}
	err := json.Unmarshal([]byte(s), &words)
	return words, err == nil
}

func workdir(old, path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return strings.TrimSuffix(old, "/") + "/" + path
}

func setEnv(c *Config, key, value string) {
	for i, kv := range c.Env {
		if strings.HasPrefix(kv, key+"=") {
			c.Env[i] = key + "=" + value
			return
		}
	}
	c.Env = append(c.Env, key+"="+value)
}

func addAll(set map[string]struct{}, keys []string) map[string]struct{} {
	if set == nil {
		set = map[string]struct{}{}
	}
	for _, k := range keys {
		set[k] = struct{}{}
	}
	return set
}

// exposed reads 80, 53/udp or 8000-8010/tcp.
func exposed(s string) (ports []string, why string) {
	number, proto, ok := strings.Cut(s, "/")
	if !ok {
		proto = "tcp"
	}
	proto = strings.ToLower(proto)
	low, high, isRange := strings.Cut(number, "-")
	from, err := strconv.ParseUint(low, 10, 16)
	to := from
	if err == nil && isRange {
		to, err = strconv.ParseUint(high, 10, 16)
	}
	switch {
	case err != nil || from == 0 || to < from:
		return nil, "ports are 1 to 65535"
	case proto != "tcp" && proto != "udp" && proto != "sctp":
		return nil, "protocols are tcp, udp and sctp"
	}
	for p := from; p <= to; p++ {
		ports = append(ports, strconv.FormatUint(p, 10)+"/"+proto)
	}
	return ports, ""
}

// pairs reads K=V K2="a b", or the old form K and the rest of the line.
func pairs(s string) ([][2]string, error) {
	words, err := words(s)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(words[0], "=") {
		key, value, ok := strings.Cut(s, " ")
		if !ok {
			return nil, fmt.Errorf("%s has no value", key)
		}
		return [][2]string{{key, strings.TrimSpace(value)}}, nil
	}
	var list [][2]string
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is not KEY=VALUE", w)
		}
		list = append(list, [2]string{key, value})
	}
	return list, nil
}

// words splits at blanks that are not quoted or escaped.
func words(s string) ([]string, error) {
	var list []string
	var word strings.Builder
	quote, open := byte(0), false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
			open = true
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				word.WriteByte(c)
			}
		case c == '"' || c == '\'':
			quote, open = c, true
		case c == ' ' || c == '\t':
			if open {
				list = append(list, word.String())
				word.Reset()
				open = false
			}
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote %c is not closed", quote)
	}
	if open {
		list = append(list, word.String())
	}
	return list, nil
}
