package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func TestFlagsAreLinesOfCSV(t *testing.T) {
	for text, want := range map[string]cells{
		"a":                           {"a"},
		" a , b c,, ":                 {"a", "b c"},
		`"height, cm",b, "say ""x"""`: {"height, cm", "b", `say "x"`},
		"":                            nil,
		`"two` + "\n" + `lines",b`:    {"two\nlines", "b"},
	} {
		var c cells
		require.NoError(t, c.Set(text))
		require.Equal(t, want, c, text)
	}
	c := cells{"first"}
	require.NoError(t, c.Set("second,third"))
	require.Equal(t, cells{"first", "second", "third"}, c)
	for text, want := range map[string]string{`a "b`: "want a line as of a CSV file", `"a`: "want a line as of a CSV file", "a\nb": "want one line"} {
		require.ErrorContains(t, c.Set(text), want, text)
		require.ErrorContains(t, command.Parse("table", &job{}, []string{"-omit", text}), want)
	}
	require.Equal(t, cells{"first", "second", "third"}, c)
}

func TestAssignmentsAreFoundByTheColumns(t *testing.T) {
	fields := []table.Field{{Name: "a"}, {Name: "a=b"}, {Name: "x = y"}, {Name: "id", Kind: table.Identifier}}
	for text, want := range map[string]struct {
		column int
		value  string
	}{
		"a=1": {0, "1"}, "a = ": {0, ""}, "a=c=d": {0, "c=d"}, "a==": {0, "="}, "x = y = z": {2, "z"}, "x = y=a=b": {2, "a=b"},
	} {
		k, v, err := assignment(fields, text)
		require.NoError(t, err)
		require.Equal(t, want.column, k, text)
		require.Equal(t, want.value, v, text)
	}
	for text, want := range map[string]string{
		"a=b=c": `is of column "a" or of "a=b"`, "a": "want column=value", "z=1": `"z" is no column of the model; its columns are a, a=b, x = y`, "id=1": `"id" is no column`, "=1": `"" is no column`,
	} {
		_, _, err := assignment(fields, text)
		require.ErrorContains(t, err, want, text)
	}
}

// What has a comma or an equals sign in it could not be said.
func TestAnyColumnAndValueCanBeSaid(t *testing.T) {
	dir := t.TempDir()
	text := lines(80, `"height, cm",place,r=2,"no, thanks",code`, func(i int, rng *rand.Rand) string {
		return fmt.Sprintf("%d,%s,%s,%d,%d", 150+rng.IntN(40), []string{`"Paris, Texas"`, "Rome"}[i%2], []string{"k=1", "k=2", `"-, -"`}[i%3], i%7, rng.IntN(9))
	})
	in := filepath.Join(dir, "in.csv")
	require.NoError(t, os.WriteFile(in, []byte(text), 0o644))
	j := small(t, dir, "-in", in, "-n", "20", "-omit", `code,"no, thanks"`, "-missing", `"-, -",none`, "-missing", "NA", "-target", `"height, cm"`,
		"-coding", "r=2=one-hot", "-given", `"place=Paris, Texas", r=2=k=2`, "-given", `"height, cm=171"`)
	require.NoError(t, j.Run(context.Background(), io.Discard, io.Discard))
	out, err := table.ReadFile(j.out, nil)
	require.NoError(t, err)
	require.Len(t, out.Fields, 3)
	for i := range 20 {
		require.Equal(t, []string{"171", "Paris, Texas", "k=2"}, []string{out.Text(i, 0), out.Text(i, 1), out.Text(i, 2)})
	}
	m, err := open(j.model)
	require.NoError(t, err)
	require.Equal(t, []string{"height, cm", "place", "r=2=k=1", "r=2=k=2", "r=2 missing"}, m.codec.Names())
}
