package course

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// askNetwork answers a network check, all parts on a thread in the network namespace.
func (v *View) askNetwork(ctx context.Context, q *NetworkCheck) Finding {
	n, file, err := v.nsRef(ctx, q.In, "net")
	if err != nil {
		return cannot("the network namespace of "+v.nameOf(q.In), err)
	}
	where := "in " + n.String()
	if v.isHome(n) {
		where = "on the host"
	} else if v.bound[q.In] == nil {
		where += " (" + v.short(ctx, q.In) + ")"
	}
	enter := v.entering(ctx, q.In, n)
	var f Finding
	err = within(map[string]string{"net": file}, func() error {
		net, err := readNetwork()
		if err != nil {
			return err
		}
		f = v.judgeNetwork(ctx, q, net, where, enter)
		return nil
	})
	if err != nil {
		return cannot("the network "+where, err)
	}
	if !f.OK || q.Link == nil || q.Link.Peer == "" {
		return f
	}
	return v.peer(ctx, q, file, where)
}

// entering is how a person gets into the namespace, as the beginning of a command line.
func (v *View) entering(ctx context.Context, ref string, n nsID) string {
	if v.isHome(n) {
		return ""
	}
	if p := v.bound[ref]; p != nil {
		return fmt.Sprintf("nsenter -t %d -n ", p.PID)
	}
	return "nsenter --net=" + v.short(ctx, ref) + " "
}

func (v *View) judgeNetwork(ctx context.Context, q *NetworkCheck, net *network, where, enter string) Finding {
	if q.Links != nil {
		var got []string
		for _, l := range net.links {
			got = append(got, l.name)
		}
		want := slices.Sorted(slices.Values(q.Links))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return no(fmt.Sprintf("%s there are the devices %s", where, clip(strings.Join(got, " "), 120)), strings.Join(want, " ")+" alone").at("`" + enter + "ip link`")
		}
	}
	if q.Link != nil {
		if f := v.judgeLink(ctx, q.Link, net, where, enter); !f.OK {
			return f
		}
	}
	if q.Route != nil {
		if f := v.judgeRoute(ctx, q.Route, net, where, enter); !f.OK {
			f.passed = 2
			return f
		}
	}
	for _, name := range sortedKeys(q.Sysctl) {
		want := v.expand(ctx, q.Sysctl[name])
		text, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
		if err != nil {
			return cannot("the setting "+name, err)
		}
		if got := strings.TrimSpace(string(text)); got != want {
			return no(fmt.Sprintf("%s %s is %s", where, name, got), want).at("`" + enter + "sysctl " + name + "`")
		}
	}
	if q.Listening != nil {
		if f := v.judgeListening(ctx, q.Listening, where, enter); !f.OK {
			f.passed = 3
			return f
		}
	}
	if q.Reaches != nil {
		if f := v.judgeReach(ctx, q.Reaches, where, enter); !f.OK {
			f.passed = 4
			return f
		}
	}
	return yes()
}

func (v *View) judgeRoute(ctx context.Context, q *RouteCheck, net *network, where, enter string) Finding {
	to, via, dev := v.expand(ctx, q.To), v.expand(ctx, q.Via), v.expand(ctx, q.Dev)
	look := "`" + enter + "ip route`"
	var other *route
	for i := range net.routes {
		r := &net.routes[i]
		if r.to != to {
			continue
		}
		if (via == "" || r.via == via) && (dev == "" || net.name(r.dev) == dev) {
			if q.Exists != nil && !*q.Exists {
				return no(fmt.Sprintf("%s there is a route to %s", where, to), "none").at(look)
			}
			return yes()
		}
		other = r
	}
	if q.Exists != nil && !*q.Exists {
		return yes()
	}
	expected := "one"
	if via != "" {
		expected += " via " + via
	}
	if dev != "" {
		expected += " by " + dev
	}
	if other == nil {
		return no(fmt.Sprintf("%s there is no route to %s", where, to), expected).
			advise("A route needs a device that is up, with an address from which the gateway can be reached.").at(look)
	}
	has := " by " + net.name(other.dev)
	if other.via != "" {
		has = " via " + other.via + has
	}
	return no(fmt.Sprintf("%s the route to %s goes%s", where, to, has), expected).at(look)
}

func (v *View) judgeListening(ctx context.Context, q *ListenCheck, where, enter string) Finding {
	protocol := q.Protocol
	if protocol == "" {
		protocol = "tcp"
	}
	sockets, err := listening(protocol)
	if err != nil {
		return cannot("the sockets "+where, err)
	}
	look := "`" + enter + "ss -lntu`"
	address := v.expand(ctx, q.Address)
	var other string
	for _, s := range sockets {
		if int(s.Port()) != q.Port {
			continue
		}
		any := s.Addr().IsUnspecified()
		if address == "" || any || s.Addr().String() == address {
			if q.Exists != nil && !*q.Exists {
				return no(fmt.Sprintf("%s somebody listens at %s port %d", where, protocol, q.Port), "nobody to").at(look)
			}
			return yes()
		}
		other = s.Addr().String()
	}
	if q.Exists != nil && !*q.Exists {
		return yes()
	}
	expected := "somebody to"
	if address != "" {
		expected += ", at " + address
	}
	if other != "" {
		return no(fmt.Sprintf("%s somebody listens at %s port %d of %s only", where, protocol, q.Port, other), expected).at(look)
	}
	return no(fmt.Sprintf("%s nobody listens at %s port %d", where, protocol, q.Port), expected).at(look)
}

func (v *View) judgeReach(ctx context.Context, q *ReachCheck, where, enter string) Finding {
	to, err := netip.ParseAddr(v.expand(ctx, q.Address))
	if err != nil {
		return cannot("the address "+q.Address, err)
	}
	patience := orElse(q.Within, 2*time.Second)
	look := fmt.Sprintf("`%sping -c 1 %s`", enter, to)
	target := to.String()
	if q.Port != 0 {
		look = fmt.Sprintf("`%snc -z %s %d`", enter, to, q.Port)
		target = fmt.Sprintf("%s port %d", to, q.Port)
		err = connect(to, q.Port, patience)
	} else {
		err = echo(to, patience)
	}
	if q.Exists != nil && !*q.Exists {
		if err == nil {
			return no(fmt.Sprintf("%s an answer comes from %s", where, target), "none").at(look)
		}
		return yes()
	}
	if err == nil {
		return yes()
	}
	return no(fmt.Sprintf("%s no answer comes from %s: %v", where, target, err), "one").
		advise("The way there and the way back both need a device that is up and a route.").at(look)
}
