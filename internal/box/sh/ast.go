package sh

// A node is one of the types below.
type node any

// unit is the text of one complete command, with its here-documents. A process that must run a
// part of it gets the text and the number of the part, and parses it again (subshell.go).
type unit struct {
	src   string
	line  int
	alias map[string]string
	nodes []node
}

// ref is a node with the place it came from.
type ref struct {
	n    node
	u    *unit
	id   int
	text string // as it was written, for jobs
}

type (
	list struct {
		items []item
	}
	item struct {
		ref
		background bool
		terminated bool // by ; or &
	}
	andOr struct {
		or          bool
		left, right node
	}
	pipeline struct {
		not, timed bool
		stages     []ref
	}
	simple struct {
		line    int
		assigns []assign
		words   []word
		redirs  []*redir
	}
	assign struct {
		name  string
		value word
	}
	group    struct{ body node }
	subshell struct {
		ref
		apart bool // must be a process of its own
	}
	redirected struct {
		body   node
		redirs []*redir
	}
	ifClause struct {
		cond, then, otherwise node
	}
	loop struct {
		until      bool
		cond, body node
	}
	forLoop struct {
		name  string
		in    bool
		words []word
		body  node
	}
	caseClause struct {
		subject word
		arms    []caseArm
	}
	caseArm struct {
		patterns []word
		body     node
		through  bool // ends in ;&
	}
	funcDef struct {
		name string
		body ref
	}
)

// redir is one redirection; fd is -1 where the operator's default holds.
type redir struct {
	fd     int
	op     string
	target word
	// here-documents
	delim  string
	quoted bool
	strip  bool
	body   word
}

// word is a list of parts that are joined after expansion.
type word []part

type partKind uint8

const (
	literal partKind = iota
	paramPart
	commandPart
	arithPart
)

type part struct {
	kind   partKind
	quoted bool
	text   string // literal
	param  *param
	body   node // commandPart
	arith  word
}

// param is $name or ${name op word}.
type param struct {
	name   string
	length bool   // ${#name}
	op     string // "", "-", ":-", "%", "/", ":" …
	arg    word
	arg2   word
	has2   bool
}
