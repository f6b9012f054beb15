package sh

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func (s *Shell) exit(args []string) {
	code := s.status
	if len(args) > 1 {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			s.errf("%s: Illegal number: %s", args[0], args[1])
			n = 2
		}
		code = n & 255
	}
	s.status = code
	s.flow = flowExit
	if args[0] == "return" {
		s.flow = flowReturn
	}
}

func (s *Shell) breakLoop(args []string) {
	n := 1
	if len(args) > 1 {
		var err error
		if n, err = strconv.Atoi(args[1]); err != nil || n < 1 {
			s.failed(2, "%s: Illegal number: %s", args[0], args[1])
			s.flow = flowExit
			return
		}
	}
	if s.loops == 0 {
		return
	}
	s.flow, s.flowCount = flowBreak, min(n, s.loops)
	if args[0] == "continue" {
		s.flow = flowContinue
	}
}

func (s *Shell) shift(args []string) {
	n := 1
	if len(args) > 1 {
		n, _ = strconv.Atoi(args[1])
	}
	if n < 0 || n > len(s.params) {
		s.failed(1, "shift: can't shift that many")
		return
	}
	s.params = s.params[n:]
}

func (s *Shell) dot(args []string) {
	if len(args) < 2 {
		s.failed(2, ".: filename argument required")
		return
	}
	name := args[1]
	if !strings.Contains(name, "/") {
		list, _ := s.get("PATH")
		for _, dir := range append(filepath.SplitList(list), ".") {
			if st, err := os.Stat(filepath.Join(dir, name)); err == nil && !st.IsDir() {
				name = dir + "/" + name
				break
			}
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		s.failed(2, "can't open '%s': %s", args[1], errText(err))
		if !s.interactive {
			s.flow = flowExit
		}
		return
	}
	params := s.params
	if len(args) > 2 {
		s.params = args[2:]
	}
	s.runString(string(text))
	if len(args) > 2 {
		s.params = params
	}
	if s.flow == flowReturn {
		s.flow = flowNone
	}
}
