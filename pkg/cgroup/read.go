package cgroup

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// Unlimited is what figures say where there is no limit.
const Unlimited = math.MaxUint64

// readLine reads a file of one line.
func readLine(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read a control group: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// readNumber reads a file that holds one number, or "max".
func readNumber(path string) (uint64, error) {
	line, err := readLine(path)
	if err != nil {
		return 0, err
	}
	n, ok := parseLimit(line)
	if !ok {
		return 0, fmt.Errorf("read %s: %q is not a number", path, line)
	}
	return n, nil
}

// parseLimit reads a number in which "max", "-1" and v1's "as much as fits in pages" mean no limit.
func parseLimit(s string) (uint64, bool) {
	if s == "max" || s == "-1" {
		return Unlimited, true
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err == nil && n >= math.MaxInt64&^0xffff {
		n = Unlimited // v1 writes LONG_MAX rounded down to a page, of 64 KiB at most
	}
	return n, err == nil
}

// fields calls visit for each line "name number" of a flat keyed file (cgroups(7)); lines that are none are passed over.
func fields(data []byte, visit func(name string, n uint64)) {
	for line := range bytes.Lines(data) {
		name, value, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
		if !ok {
			continue
		}
		if n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64); err == nil {
			visit(name, n)
		}
	}
}
