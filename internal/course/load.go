package course

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
)

// Load reads the lab in files, a folder called name. where is what errors call the folder: "labs/010-chroot".
//
// It is strict: an unknown field, a value of the wrong form, a variable that is not there, each is a *[LineError], one
// plain sentence. All that is wrong is told at once, joined.
func Load(files fs.FS, name, where string) (*Lab, error) {
	lab := &Lab{Name: name, Files: files, Where: where}
	p := &problems{file: where + "/lab.yaml"}
	lab.Number, _, _ = strings.Cut(name, "-")
	if !goodFolder(name) {
		p.add(0, "the folder %q must be called by three digits and a name, such as 010-chroot", name)
	}
	text, err := fs.ReadFile(files, "lab.yaml")
	if err != nil {
		p.add(0, "the file cannot be read: %v", reason(err))
		return nil, p.err()
	}
	top, ok := parseYAML(p, text)
	if !ok {
		return nil, p.err()
	}
	p.decode(top, reflect.ValueOf(lab).Elem(), "a lab")
	if len(p.list) == 0 {
		p.meaning(lab, top)
	}
	return lab, p.err()
}

// goodFolder says whether a folder is called like a lab.
func goodFolder(name string) bool {
	number, rest, ok := strings.Cut(name, "-")
	return ok && len(number) == 3 && strings.Trim(number, "0123456789") == "" && goodSlug(rest)
}

// goodSlug says whether s is small letters, digits and single dashes.
func goodSlug(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" &&
		s[0] != '-' && s[len(s)-1] != '-' && !strings.Contains(s, "--")
}

// reason is the last error of a chain: "file does not exist" without the path that the sentence has said already.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Task returns the task of a name.
func (l *Lab) Task(name string) (*Task, bool) {
	for i := range l.Tasks {
		if l.Tasks[i].Name == name {
			return &l.Tasks[i], true
		}
	}
	return nil, false
}

// Var returns the variable of a name.
func (l *Lab) Var(name string) (*Var, bool) {
	for i := range l.Vars {
		if l.Vars[i].Name == name {
			return &l.Vars[i], true
		}
	}
	return nil, false
}

// Go says whether the learner writes Go in the lab.
func (l *Lab) Go() bool {
	_, err := fs.Stat(l.Files, "start")
	return err == nil
}
