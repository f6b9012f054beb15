package ns

// Crowd is a number of processes that share all their namespaces: the host's are one, those of a container another.
type Crowd struct {
	PIDs []int // lowest first
	one  Process
}

// ID returns the namespace of one kind that the crowd is in; the zero ID for a kind that was not listed.
func (c Crowd) ID(kind Set) ID { return c.one.ID(kind) }

// Differs returns the kinds of which the two crowds have different namespaces.
func (c Crowd) Differs(other Crowd) Set {
	var set Set
	for i, k := range kinds {
		if c.one.ids[i] != other.one.ids[i] {
			set |= k.Flag
		}
	}
	return set
}

// Crowds sorts the processes of a listing into crowds, the one with the lowest process first. Processes that are about to
// end are left out: they have left most of their namespaces already.
func (l *Listing) Crowds() []Crowd {
	var list []Crowd
	at := map[[len(kinds)]uint64]int{}
	listed := l.listed()
	for _, p := range l.Processes {
		if p.has() != listed {
			continue
		}
		i, known := at[p.ids]
		if !known {
			i = len(list)
			at[p.ids] = i
			list = append(list, Crowd{one: p})
		}
		list[i].PIDs = append(list[i].PIDs, p.PID)
	}
	return list
}

// listed returns the kinds that some process of the listing is in.
func (l *Listing) listed() Set {
	var set Set
	for _, p := range l.Processes {
		set |= p.has()
	}
	return set
}

func (p Process) has() Set {
	var set Set
	for i, k := range kinds {
		if p.ids[i] != 0 {
			set |= k.Flag
		}
	}
	return set
}
