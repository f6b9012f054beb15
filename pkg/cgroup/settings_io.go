package cgroup

import "fmt"

func blkioV1(add func(string, ...string), l *Limits, bfq bool) {
	if l.BlkioWeight != 0 && bfq {
		add("blkio.bfq.weight", utoa(l.BlkioWeight))
	} else if l.BlkioWeight != 0 {
		add("blkio.weight", utoa(l.BlkioWeight))
	}
	for _, f := range [...]struct {
		file string
		cap  func(IOLimit) uint64
	}{
		{"blkio.throttle.read_bps_device", func(d IOLimit) uint64 { return d.ReadBPS }},
		{"blkio.throttle.write_bps_device", func(d IOLimit) uint64 { return d.WriteBPS }},
		{"blkio.throttle.read_iops_device", func(d IOLimit) uint64 { return d.ReadIOPS }},
		{"blkio.throttle.write_iops_device", func(d IOLimit) uint64 { return d.WriteIOPS }},
	} {
		var values []string
		for _, d := range l.IO {
			if n := f.cap(d); n != 0 {
				values = append(values, fmt.Sprintf("%d:%d %d", d.Major, d.Minor, n))
			}
		}
		several(add, f.file, values)
	}
}

func ioV2(add func(string, ...string), l *Limits, bfq bool) {
	if l.BlkioWeight != 0 && bfq {
		add("io.bfq.weight", utoa(l.BlkioWeight))
	} else if l.BlkioWeight != 0 {
		add("io.weight", utoa(1+(max(l.BlkioWeight, 10)-10)*9999/990)) // 10..1000 onto 1..10000
	}
	var values []string
	for _, d := range l.IO {
		line := fmt.Sprintf("%d:%d", d.Major, d.Minor)
		for _, c := range [...]struct {
			key string
			n   uint64
		}{{"rbps", d.ReadBPS}, {"wbps", d.WriteBPS}, {"riops", d.ReadIOPS}, {"wiops", d.WriteIOPS}} {
			if c.n != 0 {
				line += " " + c.key + "=" + utoa(c.n)
			}
		}
		values = append(values, line)
	}
	several(add, "io.max", values)
}
