package container

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/pkg/cgroup"
)

// ReadLimits reads what config.json in a container's directory says about its limits.
func ReadLimits(dir string) (cgroup.Limits, error) {
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return cgroup.Limits{}, fmt.Errorf("read the container's limits: %w", err)
	}
	_, r, err := findResources(data)
	if err != nil {
		return cgroup.Limits{}, fmt.Errorf("read the container's limits in %s: %w", dir, err)
	}
	return Limits(r), nil
}

// WriteLimits replaces linux.resources in config.json, and not a byte beside it.
func WriteLimits(dir string, l cgroup.Limits) error {
	path := filepath.Join(dir, "config.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write the container's limits: %w", err)
	}
	was, _, err := findResources(data)
	if err != nil {
		return fmt.Errorf("write the container's limits in %s: %w", dir, err)
	}
	is, err := json.Marshal(resources(l))
	if err != nil {
		return fmt.Errorf("write the container's limits: %w", err)
	}
	return write(path, bytes.Replace(data, withKey(was), withKey(is), 1))
}

// findResources returns the value of linux.resources, as it stands in the text and as it is meant.
func findResources(data []byte) (json.RawMessage, *specs.LinuxResources, error) {
	var spec struct {
		Linux struct {
			Resources json.RawMessage `json:"resources"`
		} `json:"linux"`
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		return nil, nil, err
	}
	raw := spec.Linux.Resources
	if len(raw) == 0 || bytes.Count(data, withKey(raw)) != 1 {
		return nil, nil, errors.New("config.json has no resources section where lab writes one")
	}
	r := &specs.LinuxResources{}
	return raw, r, json.Unmarshal(raw, r)
}

// withKey is a value with its key before it: inside of a JSON string the quotes would have backslashes, so it is found only as a member.
func withKey(value []byte) []byte { return append([]byte(`"resources":`), value...) }
