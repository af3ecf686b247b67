package table

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a file holds, Read returns a table that is valid, is written and is read
// again, or an error.
func FuzzRead(f *testing.F) {
	for _, file := range []string{
		"", "x", "x,y\n1,2\n", "x\n1\n\"\"\n3", "\uFEFFx;y\r\n1,5;\"a\nb\"\r\n", "x\ty\n\t\n", "x\n1e400\n", "x\n007\n", "x\n\xff\n", "x\n\"1", "x\n\r\n1\r\n",
		"d\n01/02/2020\n31/12/2020\n", "d\n2020-01-01T10:00:00.5+23:59\n0000-01-01T00:00:00+23:59\n", "d\n2020-1-1 10:00:00,123456\n", "b\nyes\nNo\n", "x,x\n1,2", "\x1f\x8b", "PAR1",
		"x\n1.5\n2.25\n-0\n", "x\n9007199254740993\n", "id\n1\n2\n3\n", "x\n\"\ufeff\"\n\"a\"\"\"\n", "x\n4 5\n1%\n", "0.5\n1\n", "x\n1e-400\n0.00000000000000000000000000000001\n",
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
		require.NoError(t, tab.Validate())
		require.NotZero(t, tab.Len()+len(tab.Fields))
		_ = tab.String()
		var again bytes.Buffer
		if err := Write(&again, tab, nil); err != nil {
			require.ErrorIs(t, err, ErrShape, "only identifiers")
			return
		}
		kept, err := tab.Keep()
		require.NoError(t, err)
		for j, field := range tab.Fields {
			if field.Kind != Identifier {
				kept.Fields, kept.Columns = append(kept.Fields, field), append(kept.Columns, tab.Columns[j])
			}
		}
		got, err := Read(&again, &ReadSettings{Schema: kept.Fields, Missing: []string{}, Comma: ','})
		require.NoError(t, err)
		equal(t, kept, got)
	})
}
