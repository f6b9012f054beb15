package course

import (
	"context"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
)

func (v *View) judgeLink(ctx context.Context, q *LinkCheck, net *network, where, enter string) Finding {
	pattern := v.expand(ctx, q.Name)
	var found []*link
	for i := range net.links {
		if ok, _ := path.Match(pattern, net.links[i].name); ok {
			found = append(found, &net.links[i])
		}
	}
	look := "`" + enter + "ip -d address`"
	if q.Exists != nil && !*q.Exists {
		if len(found) > 0 {
			return no(fmt.Sprintf("%s there is a device %s", where, found[0].name), "none").at(look)
		}
		return yes()
	}
	if len(found) == 0 {
		return no(fmt.Sprintf("%s there is no device %s", where, pattern), "one").at(look)
	}
	var first Finding
	for i, l := range found {
		f := v.oneLink(ctx, q, net, l, where, look)
		if f.OK {
			return f
		}
		if i == 0 {
			first = f
		}
	}
	return first
}

func (v *View) oneLink(ctx context.Context, q *LinkCheck, net *network, l *link, where, look string) Finding {
	what := where + " the device " + l.name
	if q.Kind != "" && l.kind != q.Kind {
		kind := l.kind
		if kind == "" {
			kind = "hardware, or made to look so"
		}
		return no(what+" is of the kind "+kind, q.Kind).at(look)
	}
	if q.Up != nil && l.up != *q.Up {
		if *q.Up {
			return no(what+" is down", "it up").advise("`ip link set " + l.name + " up` in that namespace sets it up.").at(look)
		}
		return no(what+" is up", "it down").at(look)
	}
	if q.Master != "" {
		want := v.expand(ctx, q.Master)
		if got := net.name(l.master); got != want {
			found := what + " is plugged into no bridge"
			if got != "" {
				found = what + " is plugged into " + got
			}
			return no(found, want).advise("`ip link set " + l.name + " master " + want + "` plugs it in.").at(look)
		}
	}
	if q.Address != "" {
		want, err := netip.ParsePrefix(v.expand(ctx, q.Address))
		if err != nil {
			return cannot("the address "+q.Address, err)
		}
		if !slices.Contains(l.addresses, want) {
			found := what + " has no address"
			if len(l.addresses) > 0 {
				found = what + " has " + strings.Join(texts(l.addresses), " and ")
			}
			f := no(found, want.String()).at(look)
			for _, a := range l.addresses {
				if a.Addr() == want.Addr() {
					f.Advice = "The number behind the slash is the size of the network, and /32 is none but itself."
				}
			}
			return f
		}
	}
	return yes()
}

// peer looks for the other end of a veth.
func (v *View) peer(ctx context.Context, q *NetworkCheck, file, where string) Finding {
	other, otherFile, err := v.nsRef(ctx, q.Link.Peer, "net")
	if err != nil {
		return cannot("the network namespace of "+v.nameOf(q.Link.Peer), err)
	}
	var here, there *network
	err = within(map[string]string{"net": file}, func() error { here, err = readNetwork(); return err })
	if err == nil {
		err = within(map[string]string{"net": otherFile}, func() error { there, err = readNetwork(); return err })
	}
	if err != nil {
		return cannot("the network devices", err)
	}
	pattern := v.expand(ctx, q.Link.Name)
	for _, a := range here.links {
		if ok, _ := path.Match(pattern, a.name); !ok || a.kind != "veth" {
			continue
		}
		for _, b := range there.links {
			if b.kind == "veth" && b.index == a.peer && b.peer == a.index {
				return yes()
			}
		}
	}
	return no(fmt.Sprintf("%s the other end of %s is not in %s", where, pattern, v.whose(other)), "it there").
		advise("`ip link set NAME netns PID` moves one end of a veth into the namespace of a process.").at("`ip -d link`")
}

func texts[T fmt.Stringer](list []T) []string {
	var all []string
	for _, one := range list {
		all = append(all, one.String())
	}
	return all
}
