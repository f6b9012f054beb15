package course

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Export writes the progress, to be imported elsewhere.
func (s *Session) Export(w io.Writer) error {
	p, err := s.Progress()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err == nil {
		_, err = w.Write(append(text, '\n'))
	}
	return err
}

// Import adds a progress that was exported to this one. What is done in either is done; the earlier time counts. It
// returns how many tasks came to it.
func (s *Session) Import(r io.Reader) (int, error) {
	var other Progress
	decoder := json.NewDecoder(io.LimitReader(r, 4<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&other); err != nil {
		return 0, fmt.Errorf("read the progress: %w", err)
	}
	added := 0
	err := s.change(func(p *Progress) {
		for name, record := range other.Labs {
			if record == nil || !goodFolder(name) {
				continue
			}
			mine := p.Lab(name)
			mine.Started, mine.Passed = earlier(mine.Started, record.Started), earlier(mine.Passed, record.Passed)
			for task, done := range record.Tasks {
				if done == nil || !goodSlug(task) {
					continue
				}
				own := mine.Task(task)
				if own.At.IsZero() && !done.At.IsZero() {
					added++
				}
				own.At, own.Hints = earlier(own.At, done.At), max(own.Hints, done.Hints)
				own.Solved, own.Given = own.Solved || done.Solved, own.Given || done.Given
			}
		}
	})
	return added, err
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// New makes the folder of a new lab, which is right as it is and does nothing yet.
func New(dir, name string) (string, error) {
	if !goodFolder(name) {
		return "", fmt.Errorf("%q is no name for a lab: three digits and small words, such as 045-layers", name)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a lab: %w", err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		if errors.Is(err, os.ErrExist) {
			return "", fmt.Errorf("%s is there already", path)
		}
		return "", fmt.Errorf("make a lab: %w", err)
	}
	number, words, _ := strings.Cut(name, "-")
	title := strings.ToUpper(words[:1]) + strings.ReplaceAll(words[1:], "-", " ")
	fill := strings.NewReplacer("TITLE", title, "NUMBER", strings.TrimLeft(number, "0"))
	for file, text := range map[string]string{"lab.yaml": newYAML, "README.md": newLesson} {
		if err := os.WriteFile(filepath.Join(path, file), []byte(fill.Replace(text)), 0o644); err != nil {
			return "", fmt.Errorf("make a lab: %w", err)
		}
	}
	return path, nil
}

const newYAML = `# yaml-language-server: $schema=../lab.schema.json
title: TITLE
summary: What the learner will have seen, in one sentence.
minutes: 20

needs:
  root: true
  programs: [unshare]

vars:
  sleeper:
    about: the sleep in its own network
    process: {command: sleep NUMBER01}

tasks:
  - name: own-network
    title: A network of its own
    text: |
      Start ` + "`sleep NUMBER01`" + ` in a network namespace of its own.
    check:
      process: {of: sleeper, own: net}
    hints:
      - "` + "`unshare`" + ` runs a program with namespaces of its own. Which option is for the network?"
      - "` + "`unshare -n`" + ` and the command, with an ` + "`&`" + ` behind it."
    solution: |
      unshare -n sleep NUMBER01 &
    after: |
      ` + "`lsns -t net`" + ` now lists one namespace more.

reset:
  processes: [sleeper]
`

const newLesson = `# TITLE

The leak first: what goes wrong without it. Then the call that stops it.

## The first step

<!-- task own-network -->

    $ lsns -t net

` + "```inside pkg/ns Of\n```" + `

## What Docker does differently

…
`
