package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type fruit struct {
	name   string
	labels map[string]string
}

func fruits() listing[fruit] {
	return listing[fruit]{
		table: []string{"Name", "Size"}, quiet: "Name", labels: func(f fruit) map[string]string { return f.labels },
		fields: []field[fruit]{
			{"Name", "FRUIT", func(f fruit) string { return f.name }},
			{"Size", "HOW BIG", func(f fruit) string {
				if f.name == "slow" {
					panic("nobody asked")
				}
				return "5"
			}},
		},
	}
}

func TestFormats(t *testing.T) {
	rows := []fruit{{"fig", map[string]string{"com.example.sort": "dry"}}, {"longer-than-ten", nil}}
	for _, test := range []struct{ format, want string }{
		{"", "FRUIT             HOW BIG\nfig               5\nlonger-than-ten   5\n"},
		{"table", "FRUIT             HOW BIG\nfig               5\nlonger-than-ten   5\n"},
		{"json", "{\"Name\":\"fig\",\"Size\":\"5\"}\n{\"Name\":\"longer-than-ten\",\"Size\":\"5\"}\n"},
		{"{{.Name}}", "fig\nlonger-than-ten\n"},
		{`{{.Name}}\t{{.Size}}`, "fig\t5\nlonger-than-ten\t5\n"},
		{`table {{.Name}}\t{{.Label "com.example.sort"}}`, "FRUIT             sort\nfig               dry\nlonger-than-ten   \n"},
		{`table {{upper .Name}}`, "FRUIT\nFIG\nLONGER-THAN-TEN\n"},
		{`{{json .}}`, "{\"Name\":\"fig\",\"Size\":\"5\"}\n{\"Name\":\"longer-than-ten\",\"Size\":\"5\"}\n"},
		{`{{with .}}{{.Size}}{{end}}`, "5\n5\n"},
		{`{{if eq .Name "fig"}}yes{{else}}no{{end}}`, "yes\nno\n"},
		{`{{truncate .Name 2}}{{pad "x" 1 0}} {{title "a b"}} {{join (split "a,b" ",") "-"}}`, "fi x A B a-b\nlo x A B a-b\n"},
	} {
		var b bytes.Buffer
		require.NoError(t, fruits().print(&b, test.format, false, rows), test.format)
		assert.Equal(t, test.want, b.String(), test.format)
	}
	var b bytes.Buffer
	require.NoError(t, fruits().print(&b, "", true, rows))
	assert.Equal(t, "fig\nlonger-than-ten\n", b.String())
	for _, bad := range []string{"{{", "{{.Nothing}}", "{{nonsense .}}", "{{.Name.X}}"} {
		assert.ErrorContains(t, fruits().print(&b, bad, false, rows), "template parsing error", bad)
	}
	require.NoError(t, fruits().print(&b, "{{.Name}}", false, []fruit{{name: "slow"}}), "a field that is not named is not worked out")
}

func TestFilters(t *testing.T) {
	f, err := parseFilters([]string{"label=a", "label=b=c", "NAME = x", "name=y", "label!=z"}, "label", "label!", "name")
	require.NoError(t, err)
	assert.True(t, f.hasLabels(map[string]string{"a": "", "b": "c"}))
	assert.False(t, f.hasLabels(map[string]string{"a": "", "b": "d"}))
	assert.False(t, f.hasLabels(map[string]string{"a": "", "b": "c", "z": ""}))
	assert.True(t, f.has("name", func(v string) bool { return v == "y" }))
	assert.False(t, f.has("name", func(v string) bool { return v == "z" }))
	assert.True(t, f.has("status", func(string) bool { return false }), "nobody asked")
	_, err = parseFilters([]string{"colour=red"}, "label")
	assert.ErrorContains(t, err, "invalid filter 'colour'")
	_, err = parseFilters([]string{"label"}, "label")
	assert.ErrorContains(t, err, "bad format")
	f, err = parseFilters([]string{"dangling=maybe"}, "dangling")
	require.NoError(t, err)
	_, _, err = f.boolean("dangling")
	assert.Error(t, err)
}

func TestMoments(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"10m":                       now.Add(-10 * time.Minute),
		"1h30m":                     now.Add(-90 * time.Minute),
		"0s":                        now,
		"1136073845":                time.Unix(1136073845, 0),
		"1136073845.5":              time.Unix(1136073845, 500_000_000),
		"1136073845.000000001":      time.Unix(1136073845, 1),
		"2006-01-02":                time.Date(2006, 1, 2, 0, 0, 0, 0, time.UTC),
		"2006-01-02T15:04":          time.Date(2006, 1, 2, 15, 4, 0, 0, time.UTC),
		"2006-01-02T15:04:05.5":     time.Date(2006, 1, 2, 15, 4, 5, 500_000_000, time.UTC),
		"2006-01-02T15:04:05+01:00": time.Date(2006, 1, 2, 14, 4, 5, 0, time.UTC),
	} {
		got, err := parseMoment(text, now)
		require.NoError(t, err, text)
		assert.True(t, want.Equal(got), "%s: %v", text, got)
	}
	for _, bad := range []string{"", "yesterday", "1.2.3", "-", "99999999999999999999"} {
		_, err := parseMoment(bad, now)
		assert.Error(t, err, bad)
	}
}
