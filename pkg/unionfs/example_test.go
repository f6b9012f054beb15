package unionfs_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/container-labs/lab/pkg/unionfs"
)

// experiment makes the four directories of the classic experiment, or says why this user cannot.
func experiment() (unionfs.Overlay, func()) {
	base, err := os.MkdirTemp("", "union-")
	if err != nil {
		panic(err)
	}
	for _, dir := range []string{"lower", "upper", "work", "merged"} {
		os.Mkdir(filepath.Join(base, dir), 0o755)
	}
	os.WriteFile(base+"/lower/in_lower.txt", []byte("hello\n"), 0o644)
	os.WriteFile(base+"/upper/in_upper.txt", []byte("hello\n"), 0o644)
	os.WriteFile(base+"/lower/in_both.txt", []byte("from lower\n"), 0o644)
	os.WriteFile(base+"/upper/in_both.txt", []byte("from upper\n"), 0o644)
	o := unionfs.Overlay{Lower: []string{base + "/lower"}, Upper: base + "/upper", Work: base + "/work", Target: base + "/merged"}
	return o, func() {
		unionfs.Unmount(o.Target)
		os.RemoveAll(base)
	}
}

// The classic experiment: two directories seen as one, a change, a deletion, and where they went.
func ExampleMount() {
	o, undo := experiment()
	defer undo()
	if err := unionfs.Mount(o); err != nil {
		fmt.Println(err) // not root, or inside a container
		return
	}
	both, _ := os.ReadFile(o.Target + "/in_both.txt")
	fmt.Print("merged/in_both.txt: ", string(both))

	os.Remove(o.Target + "/in_lower.txt")
	fi, _ := os.Lstat(o.Upper + "/in_lower.txt")
	fmt.Println("upper/in_lower.txt:", fi.Mode(), "whiteout:", unionfs.IsWhiteout(fi))
	_, err := os.Stat(o.Lower[0] + "/in_lower.txt")
	fmt.Println("lower/in_lower.txt is still there:", err == nil)

	changes, _ := unionfs.Diff(o.Upper, o.Lower)
	for _, c := range changes {
		fmt.Println(c)
	}
	// As root this prints:
	//
	// merged/in_both.txt: from upper
	// upper/in_lower.txt: Dc--------- whiteout: true
	// lower/in_lower.txt is still there: true
	// C /in_both.txt
	// D /in_lower.txt
	// A /in_upper.txt
}

// The same union without a mount: who has what.
func ExampleShow() {
	o, undo := experiment()
	defer undo()
	entries, err := unionfs.Show(o.Lower, o.Upper)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range entries {
		fmt.Println(e.Path, "from", filepath.Base(e.Layer), "hiding", len(e.Hides))
	}
	// Output:
	// /in_both.txt from upper hiding 1
	// /in_lower.txt from lower hiding 0
	// /in_upper.txt from upper hiding 0
}

// The upper directory as a layer, and the layer as a lower directory again.
func ExampleLayer() {
	o, undo := experiment()
	defer undo()
	var layer bytes.Buffer
	if err := unionfs.Layer(context.Background(), &layer, o.Upper); err != nil {
		fmt.Println(err)
		return
	}
	applied, err := unionfs.Apply(context.Background(), filepath.Join(filepath.Dir(o.Upper), "next"), &layer, unionfs.ApplyOptions{})
	fmt.Println(applied.Files, "files,", applied.Bytes, "bytes,", err)
	// Output:
	// 2 files, 17 bytes, <nil>
}
