package main

import (
	"fmt"
	"os"
	"strings"
)

func envEntry(text string) (entry string, keep bool, err error) {
	name, _, has := strings.Cut(text, "=")
	if name == "" {
		return "", false, usage("invalid environment variable %q: want NAME=VALUE", text)
	}
	if has {
		return text, true, nil
	}
	value, set := os.LookupEnv(name)
	return name + "=" + value, set, nil
}

func readEnvFile(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, usage("read the environment file: %w", err)
	}
	var list []string
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimLeft(strings.TrimSuffix(line, "\r"), " \t")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, _, _ := strings.Cut(line, "=")
		if strings.ContainsAny(name, " \t") {
			return nil, usage("%s, line %d: the variable name %q has a space", file, i+1, name)
		}
		entry, keep, err := envEntry(line)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, i+1, err)
		}
		if keep {
			list = append(list, entry)
		}
	}
	return list, nil
}
