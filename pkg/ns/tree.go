package ns

// Node is a namespace and what hangs below it.
type Node struct {
	*Namespace
	Below []*Node
}

// Relation says what a tree of namespaces is drawn by.
type Relation int

const (
	// ByOwner hangs every namespace below the user namespace that owns it: who has rights over what.
	ByOwner Relation = iota
	// ByParent hangs user namespaces below user namespaces and PID namespaces below PID namespaces: who sees whom. Other
	// kinds have no parents and are left out.
	ByParent
)

// Tree arranges the namespaces of a full listing. Those whose relative is not known are at the top.
func (l *Listing) Tree(by Relation) []*Node {
	nodes := make(map[ID]*Node, len(l.Namespaces))
	for _, n := range l.Namespaces {
		nodes[n.ID] = &Node{Namespace: n}
	}
	var top []*Node
	for _, n := range l.Namespaces {
		above := n.Owner
		if by == ByParent {
			if n.Kind.Flag != User && n.Kind.Flag != PID {
				continue
			}
			above = n.Parent
		}
		if parent := nodes[above]; parent != nil && above != n.ID {
			parent.Below = append(parent.Below, nodes[n.ID])
			continue
		}
		top = append(top, nodes[n.ID])
	}
	return top
}
