package doctor

func tryDistribution(b *Bench) Finding {
	text := b.Machine.Distribution
	if text == "" {
		text = "a system without /etc/os-release"
	}
	return yes(text + ", " + b.Machine.Architecture)
}

// tryWSL knows that WSL 1 translates system calls and is no Linux.
func tryWSL(b *Bench) Finding {
	switch b.Machine.WSL {
	case 1:
		return no("WSL 1 is no Linux kernel")
	case 2:
		return yes("WSL 2: a Linux kernel of its own")
	}
	return yes("not WSL")
}

// tryProc wants a proc file system that shows lab's own PID namespace.
func tryProc(b *Bench) Finding {
	switch b.Machine.Proc {
	case "none":
		return no("no proc file system is mounted; without it lab is blind")
	case "other":
		return no("it shows another PID namespace, where processes have other numbers")
	}
	return yes("mounted, and of this PID namespace")
}

// tryContainer only says where we are: what that takes away, the other checks find.
func tryContainer(b *Bench) Finding {
	switch m := b.Machine; {
	case m.Container == "container":
		return yes("inside a container")
	case m.Container != "":
		return yes("inside a container of " + m.Container)
	case m.UserNS:
		return yes("inside a user namespace")
	case m.RootFS == "overlay":
		return yes("no container, but / is an overlay")
	}
	return yes("not inside a container")
}
