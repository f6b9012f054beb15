package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

func (r *request) mounts(ctx *cli.Context) error {
	for _, text := range ctx.StringSlice("tmpfs") {
		m, err := parseTmpfs(text)
		if err != nil {
			return err
		}
		r.config.Mounts = append(r.config.Mounts, m)
	}
	for _, text := range ctx.StringSlice("volume") {
		m, err := parseVolume(text)
		if err != nil {
			return err
		}
		r.volumes = append(r.volumes, m)
	}
	for _, text := range ctx.StringSlice("mount") {
		m, err := parseMount(text)
		if err != nil {
			return err
		}
		r.volumes = append(r.volumes, m)
	}
	r.config.ReadOnly = ctx.Bool("read-only")
	for _, text := range ctx.StringSlice("device") {
		device, rule, err := parseDevice(text)
		if err != nil {
			return err
		}
		r.config.Devices = append(r.config.Devices, device)
		host, _, _ := strings.Cut(text, ":")
		if r.hostDevices == nil {
			r.hostDevices = map[string]string{}
		}
		r.hostDevices[device.Path] = host
		r.config.Limits.Devices = append(r.config.Limits.Devices, rule)
	}
	return nil
}
