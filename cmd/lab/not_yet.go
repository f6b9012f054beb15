package main

import (
	"fmt"
	"strings"
)

// Whoever comes from docker types its words. Some of them lab does not have yet, and then the word is no mistake of the one
// who typed it: the sentence says so, and what there is instead.

// commandNotYet is that sentence for a command, or "".
func commandNotYet(name string) string {
	instead := ""
	switch name {
	case "build", "builder", "buildx":
		instead = "`lab commit` and `lab import --change` make images"
	case "push", "login", "logout":
		instead = "`lab save` writes an image to a file, and `lab load` reads it elsewhere"
	case "search":
		instead = "`lab pull NAME` needs no search"
	case "network":
		instead = "a container has the network none, or with `--network host` the machine's own"
	case "volume":
		instead = "`lab run -v /DIR:/DIR` shows a directory of the host"
	default:
		return ""
	}
	return fmt.Sprintf("%s is a command of docker that lab does not have yet; %s", name, instead)
}

// flagNotYet is that sentence for a flag of command, as the flag parser names it: p, p80:80, itp, publish.
func flagNotYet(command, flag string) string {
	flag, _, _ = strings.Cut(flag, "=")
	switch letter := strings.TrimLeft(flag, "itd"); {
	case strings.HasPrefix(letter, "P"):
		flag = "P"
	case letter == "p", len(letter) > 1 && letter[0] == 'p' && letter[1] >= '0' && letter[1] <= '9':
		flag = "p"
	}
	instead, yet := "", " yet"
	switch flag {
	case "p", "publish", "P", "publish-all", "expose":
		instead = "the networks are none and host so far, and no port can be published; with --network host the program listens on the machine itself"
	case "link", "dns", "dns-search", "dns-option", "add-host", "ip", "ip6", "mac-address", "network-alias":
		instead = "the networks are none and host so far"
	case "volumes-from", "volume-driver":
		instead = "-v /DIR:/DIR shows a directory of the host"
	case "health-cmd", "health-interval", "health-retries", "health-start-period", "health-timeout", "no-healthcheck":
		instead = "nothing looks after a container's health so far"
	default:
		instead, yet = flagNever(flag), ""
	}
	if instead == "" {
		return ""
	}
	return fmt.Sprintf("%s does not have docker's %s%s: %s", strings.TrimPrefix(command, "lab "), dashed(flag), yet, instead)
}

// flagNever is what there is instead of a flag that lab will not have, or "".
func flagNever(flag string) (instead string) {
	switch flag {
	case "gpus":
		instead = "--device shows single devices"
	case "runtime", "isolation":
		instead = "lab is the runtime itself"
	case "cgroup-parent":
		instead = "the environment variable LAB_CGROUP_PARENT names the group above"
	case "storage-opt":
		instead = "what a container writes is limited by its disk"
	case "kernel-memory", "cpu-rt-period", "cpu-rt-runtime":
		instead = "version 2 of cgroups has no such limit, nor have most kernels of today for version 1"
	case "annotation":
		instead = "--label notes what you like"
	}
	return instead
}

// flagError turns the flag parser's words about a command into one sentence.
func flagError(command string, err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		if sentence := flagNotYet(command, name); sentence != "" {
			return usage("%s", sentence)
		}
		text = "unknown flag: " + dashed(name)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		text = "flag needs an argument: " + dashed(name)
	}
	if value, rest, ok := strings.Cut(text, " for flag -"); ok && strings.HasPrefix(text, "invalid value ") {
		name, reason, _ := strings.Cut(rest, ": ")
		text = value + " for flag " + dashed(name) + ": " + reason
	}
	return usage("%s; see `%s --help`", text, command)
}

// dashed writes a flag as people do.
func dashed(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}
