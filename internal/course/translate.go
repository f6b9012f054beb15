package course

import (
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
)

// Translation is lab.LANGUAGE.yaml: the words of lab.yaml in another language. What it leaves out stays English.
type Translation struct {
	Title   string     `yaml:"title" doc:"the lab's title"`
	Summary string     `yaml:"summary" doc:"what the learner will have seen, one sentence"`
	Tasks   []TaskText `yaml:"tasks" doc:"the words of the tasks, by name"`

	Sentences map[string]string `yaml:"sentences" doc:"what lab.yaml says in about and say, by the English words"`
}

// TaskText is the words of one task.
type TaskText struct {
	Name  string   `yaml:"name,required" doc:"the task, by its name in lab.yaml"`
	Title string   `yaml:"title" doc:"one line for lists"`
	Text  string   `yaml:"text" doc:"what to do, Markdown"`
	Hints []string `yaml:"hints" doc:"as many as in lab.yaml"`
	After string   `yaml:"after" doc:"what to say when it is done, Markdown"`
}

// Languages lists the languages that the lab has besides English: the endings of README.zh.md and lab.zh.yaml.
func (l *Lab) Languages() []string {
	entries, _ := fs.ReadDir(l.Files, ".")
	var all []string
	for _, e := range entries {
		for _, form := range [...][2]string{{"README.", ".md"}, {"lab.", ".yaml"}} {
			rest, begins := strings.CutPrefix(e.Name(), form[0])
			language, ends := strings.CutSuffix(rest, form[1])
			if begins && ends && language != "" && !slices.Contains(all, language) {
				all = append(all, language)
			}
		}
	}
	return all
}

// translate puts the words of a language in place of the English ones.
func (l *Lab) translate(language string) error {
	if language == "" || language == "en" {
		return nil
	}
	t, err := l.translation(language)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	put := func(into *string, text string) {
		if text != "" {
			*into = text
		}
	}
	put(&l.Title, t.Title)
	put(&l.Summary, t.Summary)
	for _, words := range t.Tasks {
		task, _ := l.Task(words.Name)
		put(&task.Title, words.Title)
		put(&task.Text, words.Text)
		put(&task.After, words.After)
		if len(words.Hints) > 0 {
			task.Hints = words.Hints
		}
	}
	l.sentences(func(s *string) { put(s, t.Sentences[*s]) })
	return nil
}

// sentences calls do with all that the lab says in findings.
func (l *Lab) sentences(do func(*string)) {
	for i := range l.Vars {
		do(&l.Vars[i].About)
	}
	var check func(c *Check)
	check = func(c *Check) {
		do(&c.Say)
		for _, one := range c.inner() {
			check(one)
		}
	}
	for i := range l.Tasks {
		check(l.Tasks[i].Check)
	}
}

// translation reads lab.LANGUAGE.yaml.
func (l *Lab) translation(language string) (*Translation, error) {
	name := "lab." + language + ".yaml"
	text, err := fs.ReadFile(l.Files, name)
	if err != nil {
		return nil, err
	}
	p := &problems{file: l.Where + "/" + name}
	var t Translation
	if top, ok := parseYAML(p, text); ok {
		p.decode(top, reflect.ValueOf(&t).Elem(), "a translation")
		for _, words := range t.Tasks {
			task, ok := l.Task(words.Name)
			if !ok {
				p.add(0, "there is no task %q in lab.yaml", words.Name)
			} else if n := len(words.Hints); n > 0 && n != len(task.Hints) {
				p.add(0, "the task %q has %d hints here and %d in lab.yaml", words.Name, n, len(task.Hints))
			}
		}
	}
	said := map[string]bool{}
	l.sentences(func(s *string) { said[*s] = true })
	for _, english := range sortedKeys(t.Sentences) {
		if !said[english] {
			p.add(0, "lab.yaml does not say %q", english)
		}
	}
	return &t, p.err()
}

// Lesson returns the text of README.LANGUAGE.md, or of README.md where there is no translation.
func (l *Lab) Lesson(language string) (string, error) {
	if language != "" && language != "en" && !strings.ContainsAny(language, "/.") {
		if text, err := fs.ReadFile(l.Files, "README."+language+".md"); err == nil {
			return string(text), nil
		}
	}
	text, err := fs.ReadFile(l.Files, "README.md")
	return string(text), err
}
