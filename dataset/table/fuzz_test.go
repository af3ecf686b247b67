package table

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a file holds, Read returns a table that is valid, is written and is read
// again, or an error.
func FuzzRead(f *testing.F) {
	for _, file := range []string{
		"", "x", "x,y\n1,2\n", "x\n1\n\"\"\n3", "\uFEFFx;y\r\n1,5;\"a\nb\"\r\n", "x\ty\n\t\n", "x\n1e400\n", "x\n007\n", "x\n\xff\n", "x\n\"1", "x\n\r\n1\r\n",
		"d\n01/02/2020\n31/12/2020\n", "d\n2020-01-01T10:00:00.5+23:59\n0000-01-01T00:00:00+23:59\n", "d\n2020-1-1 10:00:00,123456\n", "b\nyes\nNo\n", "x,x\n1,2", "\x1f\x8b", "PAR1",
		"x\n1.5\n2.25\n-0\n", "x\n9007199254740993\n", "id\n1\n2\n3\n", "x\n\"\ufeff\"\n\"a\"\"\"\n", "x\n4 5\n1%\n", "0.5\n1\n", "x\n1e-400\n0.00000000000000000000000000000001\n", "x\n\"a\r\r\nb\"\n\"a\nb\"\n",
	} {
		f.Add([]byte(file), false)
		f.Add([]byte(file), true)
	}
	f.Fuzz(func(t *testing.T, file []byte, noHeader bool) {
		tab, err := Read(bytes.NewReader(file), &ReadSettings{NoHeader: noHeader, LongestRecord: 1 << 12, MostLevels: 100})
		if err != nil {
			require.Nil(t, tab)
			return
		}
		requireGood(t, tab)
	})
}

// The same holds with whatever Schema.
func FuzzSchema(f *testing.F) {
	for _, s := range []string{
		`{"name":"x","kind":"number","step":0.05}`, `{"name":"x","kind":"number","step":1e-300}`, `{"name":"x","kind":"number","step":3e300}`, `{"name":"x","kind":"whole","step":7}`,
		`{"name":"x","kind":"category"}`, `{"name":"x","kind":"ordered","levels":["b","a","NA"]}`, `{"name":"x","kind":"boolean"}`, `{"name":"x","kind":"constant"}`, `{"name":"x","kind":"identifier"}`,
		`{"name":"x","kind":"time","layout":"2006-01-02"}`, `{"name":"x","kind":"time","layout":"15:04:05.000","step":0.25}`, `{"name":"x","layout":"2 Jan 06"}`, `{"name":"x","kind":"time"}`, `{"name":"x","layout":"15h"}`,
	} {
		for _, cells := range []string{"1\n0.15\n-3e5\n", "7\n-14\nNA\n", "a\nb\n", "NA\n", "2020-01-02\n1969-12-31\n", "10:00:00.250\n", "2 Jan 70\n", "10h\n"} {
			f.Add([]byte(s), []byte("x,y\n"+strings.ReplaceAll(cells, "\n", ",1\n")))
		}
	}
	f.Fuzz(func(t *testing.T, schema, file []byte) {
		var field Field
		if json.Unmarshal(schema, &field) != nil {
			return
		}
		tab, err := Read(bytes.NewReader(file), &ReadSettings{Schema: []Field{field}, LongestRecord: 1 << 12, MostLevels: 100})
		if err != nil {
			require.Nil(t, tab)
			return
		}
		requireGood(t, tab)
	})
}

// requireGood checks that a table is valid, and is read as it is written.
func requireGood(t *testing.T, tab *Table) {
	require.NoError(t, tab.Validate())
	require.NotZero(t, len(tab.Fields))
	_ = tab.String()
	var again bytes.Buffer
	if err := Write(&again, tab, nil); err != nil {
		require.ErrorIs(t, err, ErrShape, "only identifiers")
		return
	}
	kept := &Table{}
	for j, field := range tab.Fields {
		if field.Kind != Identifier {
			kept.Fields, kept.Columns = append(kept.Fields, field), append(kept.Columns, tab.Columns[j])
		}
	}
	got, err := Read(&again, &ReadSettings{Schema: kept.Fields, Missing: []string{}, Comma: ','})
	require.NoError(t, err)
	equal(t, kept, got)
}
