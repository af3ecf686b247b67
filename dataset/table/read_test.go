package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func mustRead(t *testing.T, file string, s *ReadSettings) *Table {
	t.Helper()
	got, err := Read(strings.NewReader(file), s)
	require.NoError(t, err)
	require.NoError(t, got.Validate())
	return got
}

// equal compares tables, a missing cell with a missing cell.
func equal(t require.TestingT, want, got *Table) {
	require.Equal(t, want.Fields, got.Fields)
	require.Equal(t, len(want.Columns), len(got.Columns))
	for j := range want.Columns {
		require.Equal(t, want.Columns[j] == nil, got.Columns[j] == nil, "column %d", j)
		require.Equal(t, len(want.Columns[j]), len(got.Columns[j]), "column %d", j)
		for i, v := range want.Columns[j] {
			if w := got.Columns[j][i]; v != w && !(math.IsNaN(v) && math.IsNaN(w)) {
				require.Equal(t, v, w, "row %d, column %d", i, j)
			}
		}
	}
}

func TestFormsOfAFileGiveTheSameTable(t *testing.T) {
	want := mustRead(t, "x,word\n1.5,a\n2.5,\"b, \"\"c\"\"\nd\"\n-3,a\n", nil)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, "x,word\n1.5,a\n2.5,\"b, \"\"c\"\"\nd\"\n-3,a\n")
	require.NoError(t, z.Close())
	for name, file := range map[string]string{
		"byte order mark": "\uFEFFx,word\n1.5,a\n2.5,\"b, \"\"c\"\"\nd\"\n-3,a\n",
		"CRLF":            "x,word\r\n1.5,a\r\n2.5,\"b, \"\"c\"\"\r\nd\"\r\n-3,a\r\n",
		"no last feed":    "x,word\n1.5,a\n2.5,\"b, \"\"c\"\"\nd\"\n-3,a",
		"spaces":          " x , word\n 1.5 ,a \n2.5, \"b, \"\"c\"\"\nd\"\n -3,a\n",
		"blank lines":     "\n\nx,word\n\n1.5,a\n2.5,\"b, \"\"c\"\"\nd\"\n\n-3,a\n\n",
		"tabs":            "x\tword\n1.5\ta\n2.5\t\"b, \"\"c\"\"\nd\"\n-3\ta\n",
		"semicolons":      "x;word\n1.5;a\n2.5;\"b, \"\"c\"\"\nd\"\n-3;a\n",
		"other numbers":   "x,word\n+1.50,a\n25e-1,\"b, \"\"c\"\"\nd\"\n-3.0E0,a\n",
		"gzip":            zipped.String(),
	} {
		t.Run(name, func(t *testing.T) {
			equal(t, want, mustRead(t, file, nil))
			got, err := Read(iotest.OneByteReader(strings.NewReader(file)), nil)
			require.NoError(t, err)
			equal(t, want, got)
		})
	}
	got := mustRead(t, "1.5|a\n2.5|b\n", &ReadSettings{NoHeader: true, Comma: '|'})
	require.Equal(t, "column1", got.Fields[0].Name)
	require.Equal(t, []float64{1.5, 2.5}, got.Columns[0])
	require.Equal(t, []float64{0, 1}, got.Columns[1])
}

func TestEmptyNamesAreNumbered(t *testing.T) {
	got := mustRead(t, ",x,\n1.5,2,3\n", nil)
	require.Equal(t, "column1", got.Fields[0].Name)
	require.Equal(t, "column3", got.Fields[2].Name)
	got = mustRead(t, "0.5,x\n1.5,2\n", &ReadSettings{Schema: []Field{{Name: "0.5"}}})
	require.Equal(t, "0.5", got.Fields[0].Name)
}

func TestEmptyCellsOfTabsAreMissing(t *testing.T) {
	got := mustRead(t, "x\ty\tz\n1.5\t\t3\n\t\t4\n", nil)
	require.True(t, math.IsNaN(got.Columns[0][1]))
	require.Equal(t, Constant, got.Fields[1].Kind)
	require.Equal(t, []float64{3, 4}, got.Columns[2])
}

func TestMissingTextsAreMissing(t *testing.T) {
	file := "x,word,day\n1.5,a,2020-01-02\nNA,?,null\n-999,,NaN\n2.5,b,2020-01-04\n"
	got := mustRead(t, file, &ReadSettings{Missing: []string{"NA", "-999", "?", "null", "NaN"}})
	require.Equal(t, []Kind{Number, Category, Time}, []Kind{got.Fields[0].Kind, got.Fields[1].Kind, got.Fields[2].Kind})
	for j := range 3 {
		require.True(t, math.IsNaN(got.Columns[j][1]) && math.IsNaN(got.Columns[j][2]))
	}
	require.Equal(t, 2.5, got.Columns[0][3])
	got = mustRead(t, "word\na\nNA\n\"\"\nb\n", &ReadSettings{Missing: []string{}})
	require.Equal(t, []string{"NA", "a", "b"}, got.Fields[0].Levels)
	require.True(t, math.IsNaN(got.Columns[0][2]))
	got = mustRead(t, "word\nNA\nDE\n?\n", &ReadSettings{Schema: []Field{{Name: "word", Levels: []string{"DE", "NA"}}}})
	require.Equal(t, []float64{1, 0}, got.Columns[0][:2], "a level may be a text that is missing elsewhere")
	require.True(t, math.IsNaN(got.Columns[0][2]))
}

func TestFaultsOfFilesAreNamed(t *testing.T) {
	schema := func(f Field) *ReadSettings { return &ReadSettings{Schema: []Field{f}} }
	many := strings.Repeat("1.5\n", 40) + "unknown\n" + strings.Repeat("2.5\n", 40) + "-\n"
	var wide strings.Builder
	for i := range 70_000 {
		fmt.Fprintf(&wide, "x%d,", i)
	}
	for name, c := range map[string]struct {
		file     string
		settings *ReadSettings
		sentinel error
		message  string
	}{
		"empty":               {"", nil, ErrShape, "the file is empty"},
		"only a mark":         {"\uFEFF", nil, ErrShape, "the file is empty"},
		"blank":               {"\n\n\n", nil, ErrShape, "the file is empty"},
		"header only":         {"x,y\n", nil, ErrShape, "the file has a header and no rows"},
		"short row":           {"x,y\n1,2\n3\n", nil, ErrShape, "line 3: has 1 cells, want 2 as the first line has"},
		"long row":            {"x,y\n1,2,3\n", nil, ErrShape, "line 2: has 3 cells, want 2 as the first line has"},
		"open quote":          {"x,y\n1,2\n3,\"4\n", nil, ErrSyntax, "line 3, byte 6: a quoted cell does not end"},
		"bare quote":          {"x,y\n1,2\n3,4\"\n", nil, ErrSyntax, "line 3, byte 4: a quote stands in a cell without quotes"},
		"text after quote":    {"x,y\n\"a\nb\"c,2\n", nil, ErrSyntax, "line 3, byte 2: a quote within the row that begins at line 2"},
		"names twice":         {"x,y,x\n1,2,3\n", nil, ErrSyntax, `line 1, columns 1 and 3: are both called "x"`},
		"first row twice":     {"0,1,0\n1,2,3\n", nil, ErrSyntax, `line 1, columns 1 and 3: are both called "0", want different names, or NoHeader if it is a row`},
		"name like a default": {"column2,\n1,2\n", nil, ErrSyntax, `line 1, columns 1 and 2: are both called "column2"`},
		"no header":           {"5.1,a\n4.9,b\n", nil, ErrSyntax, `line 1, column 1: is "5.1", want a name: NoHeader`},
		"UTF-8 in a word":     {"x,y\na,b\na,\xff\n", nil, ErrSyntax, `line 3, column 2 ("y"): is "\xff", want UTF-8`},
		"UTF-8 in a number":   {"x\n1\n\xff\n", schema(Field{Name: "x", Kind: Number}), ErrSyntax, `line 3, column 1 ("x"): is "\xff", want UTF-8`},
		"UTF-8 left out":      {"x\n1\n\xff\n", schema(Field{Name: "x", Kind: Identifier}), ErrSyntax, `line 3, column 1 ("x"): is "\xff", want UTF-8`},
		"UTF-8 in a name":     {"x,\xff\n1,2\n", nil, ErrSyntax, `line 1, column 2: the name is "\xff", want UTF-8`},
		"UTF-16":              {"\xff\xfex\x00\n\x00", nil, ErrSyntax, "is UTF-16, want text in UTF-8"},
		"spreadsheet":         {"PK\x03\x04 etc.", nil, ErrSyntax, "is a zip archive, such as a spreadsheet"},
		"overflow":            {"x,y\n1,2\n3,1e400\n", nil, ErrRange, `line 3, column 2 ("y"): is "1e400", want a number of magnitude below 1.8e308`},
		"nanoseconds":         {"t\n1700000000123456789\n", schema(Field{Name: "t", Kind: Whole}), ErrRange, `line 2, column 1 ("t"): is "1700000000123456789", a whole number beyond 2⁵³`},
		"nanoseconds, infer":  {"t\n1\n1700000000123456789\n", nil, ErrRange, `line 3, column 1 ("t"): is "1700000000123456789", a whole number beyond 2⁵³`},
		"few words":           {"x\n" + many, nil, ErrKind, `line 42, column 1 ("x"): is "unknown"; 2 of the 82 cells ("unknown", "-") are no numbers: list such texts in Missing, or say Kind category`},
		"infinity":            {"x\n1.5\n2.5\nInf\n", nil, ErrKind, `line 4, column 1 ("x"): is "Inf"; 1 of the 3 cells are no numbers`},
		"hexadecimal":         {"x\n1\n2\n0x10\n", nil, ErrKind, `is "0x10"`},
		"underscores":         {"x\n1\n2\n1_000\n", nil, ErrKind, `is "1_000"`},
		"codes among numbers": {"x\n10\n20\n007\n", nil, ErrKind, `is "007"`},
		"thousands":           {"x\n\"1,000\"\n\"2,500\"\n", nil, ErrKind, `line 2, column 1 ("x"): is "1,000", a number with signs in it, as most cells are`},
		"decimal commas":      {"x;y\n1,5;a\n2,5;b\n", nil, ErrKind, `line 2, column 1 ("x"): is "1,5", a number with signs in it`},
		"few no times":        {"x\n2020-01-01\n2020-01-02\nsoon\n", nil, ErrKind, `line 4, column 1 ("x"): is "soon"; 1 of the 3 cells are no times`},
		"day or month":        {"x\n01/02/2020\n03/04/2020\n", nil, ErrKind, `column 1 ("x"): has days and months in an order that no row tells, want Layout "02/01/2006" or "01/02/2006"`},
		"nanoseconds of time": {"x\n2020-01-01 10:00:00.123456789\n2020-01-01 10:00:01\n", nil, ErrRange, "want a time of the years 0 to 9999, in microseconds at the finest"},
		"not a number":        {"x,y\n1,2\n3,abc\n", schema(Field{Name: "y", Kind: Number}), ErrKind, `line 3, column 2 ("y"): is "abc", want a number`},
		"not whole":           {"x\n1\n2.5\n", schema(Field{Name: "x", Kind: Whole}), ErrKind, `line 3, column 1 ("x"): is "2.5", want a whole number`},
		"off the lattice":     {"x\n1.25\n2.555\n", schema(Field{Name: "x", Kind: Number, Step: .01}), ErrRange, `line 3, column 1 ("x"): is "2.555", want a whole multiple of the Step 0.01`},
		"not a level":         {"x\na\nb\nd\n", schema(Field{Name: "x", Kind: Ordered, Levels: []string{"a", "b", "c"}}), ErrRange, `line 4, column 1 ("x"): is "d", want one of the Levels "a", "b", "c"`},
		"no order":            {"x\nlow\nhigh\n", schema(Field{Name: "x", Kind: Ordered}), ErrRange, `column 1 ("x"): Ordered has no Levels and the texts "high", "low" are no numbers`},
		"not boolean":         {"x\na\nb\nc\n", schema(Field{Name: "x", Kind: Boolean}), ErrKind, `line 4, column 1 ("x"): is "c" after "a", "b", want two texts`},
		"half boolean":        {"x\na\na\n", schema(Field{Name: "x", Kind: Boolean}), ErrKind, `column 1 ("x"): is "a" in all cells, want two Levels`},
		"not constant":        {"x\na\nb\n", schema(Field{Name: "x", Kind: Constant}), ErrKind, `line 3, column 1 ("x"): is "b" after "a", want a constant`},
		"not a time":          {"x\n2020-01-02\n2020-31-12\n", schema(Field{Name: "x", Layout: "2006-01-02"}), ErrKind, `line 3, column 1 ("x"): is "2020-31-12"; 1 of the 2 cells are no times`},
		"not a declared time": {"x\n2020-01-02\n2020-31-12\n", schema(Field{Name: "x", Kind: Time, Layout: "2006-01-02"}), ErrKind, `line 3, column 1 ("x"): is "2020-31-12", want a time such as "2006-01-02"`},
		"fraction":            {"x\n10:00:00.5\n", schema(Field{Name: "x", Kind: Time, Layout: "15:04:05"}), ErrKind, "want no fraction of a second"},
		"many levels":         {"x\na\nb\nc\nd\n", &ReadSettings{MostLevels: 3, Schema: []Field{{Name: "x", Kind: Category}}}, ErrLimit, `line 5, column 1 ("x"): has more than MostLevels, 3 different texts`},
		"many levels, infer":  {"x\na\nb\nc\nd\n", &ReadSettings{MostLevels: 3}, ErrLimit, `column 1 ("x"): has more than MostLevels, 3 different texts`},
		"long record":         {"x,y\n1,2\n3,44444444444444444444\n", &ReadSettings{LongestRecord: 16}, ErrLimit, "line 3: the row that begins here has more than LongestRecord, 16 bytes"},
		"long quote":          {"x,y\n1,2\n3,\"4\n5\n6\n7\n8\n9\n10\n11\n", &ReadSettings{LongestRecord: 16}, ErrLimit, "line 3: the row that begins here opens a quote and has more than LongestRecord, 16 bytes"},
		"many columns":        {wide.String() + "x\n", nil, ErrLimit, "line 1: has more than 65536 cells, want at most so many columns"},
		"unknown field":       {"x,y\n1,2\n", schema(Field{Name: "z"}), ErrName, `ReadSettings: Schema: has a field "z", want one of the columns "x", "y"`},
		"schema twice":        {"x\n1\n", &ReadSettings{Schema: []Field{{Name: "x"}, {Name: "x"}}}, ErrRange, `ReadSettings: Schema: "x" is there twice`},
		"kind":                {"x\n1\n", schema(Field{Name: "x", Kind: 99}), ErrRange, `ReadSettings: Schema: field 0 ("x"): Field.Kind: is 99`},
		"step":                {"x\n1\n", schema(Field{Name: "x", Step: -1}), ErrRange, "Step: is -1, want a finite number ≥ 0"},
		"layout":              {"x\n1\n", schema(Field{Name: "x", Layout: "YYYY-MM-DD"}), ErrRange, `Layout: is "YYYY-MM-DD", want how 2 January 2006`},
		"levels twice":        {"x\n1\n", schema(Field{Name: "x", Levels: []string{"a", "b", "a"}}), ErrRange, `Levels: 0 and 2 are both "a"`},
		"three for a boolean": {"x\n1\n", schema(Field{Name: "x", Kind: Boolean, Levels: []string{"a", "b", "c"}}), ErrRange, "Levels: are 3, want 2 for kind boolean"},
		"levels of a number":  {"x\n1\n", schema(Field{Name: "x", Kind: Number, Levels: []string{"a"}}), ErrRange, "Levels: are 1, want 0 for kind number"},
		"level with spaces":   {"x\n1\n", schema(Field{Name: "x", Levels: []string{"a "}}), ErrRange, `Levels: 0 is "a "`},
		"comma":               {"x\n1\n", &ReadSettings{Comma: '"'}, ErrRange, "ReadSettings: Comma: is '\"'"},
		"negative record":     {"x\n1\n", &ReadSettings{LongestRecord: -1}, ErrRange, "ReadSettings: LongestRecord: is -1, want ≥ 0"},
		"negative levels":     {"x\n1\n", &ReadSettings{MostLevels: -1}, ErrRange, "ReadSettings: MostLevels: is -1, want ≥ 0"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(strings.NewReader(c.file), c.settings)
			require.ErrorIs(t, err, c.sentinel)
			require.Regexp(t, "^table: Read: ", err.Error())
			require.ErrorContains(t, err, c.message)
			require.Nil(t, got)
		})
	}
}

func TestTheSeparatorIsThatOfTheFirstLine(t *testing.T) {
	for head, want := range map[string]string{
		"a,b;c": "a|b;c", "a;b;c,d": "a|b|c,d", "a\tb": "a|b", "a,b\tc\td": "a,b|c|d", "a": "a", "\"a;b;c\",d": "a;b;c|d", "\"a\n;;;\";b": "a\n;;;|b",
	} {
		n := strings.Count(want, "|") + 1
		comma := ","
		if strings.HasPrefix(head, "a;") || strings.HasSuffix(head, ";b") {
			comma = ";"
		} else if strings.Contains(head, "\t") {
			comma = "\t"
		}
		got := mustRead(t, head+"\n"+strings.Repeat("1"+comma, n-1)+"1\n", nil)
		var names []string
		for _, f := range got.Fields {
			names = append(names, f.Name)
		}
		require.Equal(t, strings.Split(want, "|"), names)
	}
}

// The bound on records is kept to the byte, whatever the pieces a file comes in.
func TestRecordsAreBoundedToTheByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			cells := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "bc", "", `"d"`, "\"e\nf\"", `"g""h,i"`, "\"\n\n\""}), 1, 5).Draw(t, "cells")
			return strings.Join(cells, ",") + "\n"
		}), 1, 8).Draw(t, "records")
		most := rapid.IntRange(1, 20).Draw(t, "most")
		line, want := 1, ""
		for _, r := range records {
			if len(r) > most {
				want = fmt.Sprintf("line %d: ", line)
				break
			}
			line += strings.Count(r, "\n")
		}
		file := strings.Join(records, "")
		b := &bounded{r: &lines{n: len(file), line: func(i int) string { return file[i : i+1] }}, most: most, comma: []byte{','}}
		if rapid.Bool().Draw(t, "whole") {
			b.r = strings.NewReader(file)
		}
		_, err := io.ReadAll(b)
		if want == "" {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, ErrLimit)
		require.ErrorContains(t, err, want)
	})
}

func TestErrorsNameTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.csv")
	require.NoError(t, os.WriteFile(path, []byte("x\n1\n2.5\nabc\n"), 0o644))
	_, err := ReadFile(path, &ReadSettings{Schema: []Field{{Name: "x", Kind: Number}}})
	require.EqualError(t, err, "table: Read: "+path+`: line 4, column 1 ("x"): is "abc", want a number: not of this kind`)
	_, err = ReadFile(filepath.Join(t.TempDir(), "none.csv"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestErrorsOfTheReaderAreReturned(t *testing.T) {
	broken := errors.New("broken")
	for _, head := range []string{"", "x", "x,y\n1,2\n", "x,y\n1,\"2"} {
		_, err := Read(io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken)), nil)
		require.ErrorIs(t, err, broken, "%q", head)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, "x,y\n1.5,2\n3.5,4\n")
	require.NoError(t, z.Close())
	for n := 3; n < zipped.Len(); n++ {
		_, err := Read(bytes.NewReader(zipped.Bytes()[:n]), nil)
		require.Error(t, err, "gzip truncated at byte %d", n)
	}
}

// endless is a file that goes on for n bytes after its head.
type endless struct {
	n int64
	b byte
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), e.n)]
	for i := range p {
		p[i] = e.b
	}
	e.n -= int64(len(p))
	return len(p), nil
}

func TestALineOfAGigabyteIsAnErrorInBoundedMemory(t *testing.T) {
	for _, head := range []string{"", "x,y\n1,2\n", "x,y\n1,2\n3,\""} {
		for _, b := range []byte("a,\n") {
			if b == '\n' && !strings.HasSuffix(head, `"`) {
				continue // blank lines
			}
			r := &endless{n: 1 << 30, b: b}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(io.MultiReader(strings.NewReader(head), r), nil)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, ErrLimit)
			require.ErrorContains(t, err, fmt.Sprintf("line %d: ", strings.Count(head, "\n")+1))
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
			require.Greater(t, r.n, int64(1<<29), "the rest is not read")
		}
	}
}

// lines is a file of n lines.
type lines struct {
	n, i int
	line func(i int) string
	rest string
}

func (l *lines) Read(p []byte) (int, error) {
	for l.rest == "" {
		if l.i == l.n {
			return 0, io.EOF
		}
		l.rest = l.line(l.i)
		l.i++
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func TestAMillionCategoriesAreAnErrorInBoundedMemory(t *testing.T) {
	// Every text is there twice, so that they are no names of rows.
	file := func() io.Reader {
		return io.MultiReader(strings.NewReader("x,word\n"), &lines{n: 2_000_000, line: func(i int) string { return fmt.Sprintf("1,w%d\n", i/2) }})
	}
	for _, s := range []*ReadSettings{nil, {Schema: []Field{{Name: "word", Kind: Category}}}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Read(file(), s)
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, ErrLimit)
		require.ErrorContains(t, err, `line 131074, column 2 ("word"): has more than MostLevels, 65536 different texts`)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
	}
	var names strings.Builder
	names.WriteString("x,word\n")
	for i := range 100_000 {
		fmt.Fprintf(&names, "%d,w%d\n", i%7, i)
	}
	got := mustRead(t, names.String(), nil)
	require.Equal(t, Field{Name: "word", Kind: Identifier}, got.Fields[1], "all different")
	require.Nil(t, got.Columns[1])
	require.Equal(t, 100_000, got.Len())
}

func TestSettingsAreLeftAlone(t *testing.T) {
	s := &ReadSettings{Schema: []Field{{Name: "x", Levels: []string{"b", "a"}}}}
	got := mustRead(t, "x\na\n", s)
	require.Equal(t, &ReadSettings{Schema: []Field{{Name: "x", Levels: []string{"b", "a"}}}}, s)
	got.Fields[0].Levels[0] = "c"
	require.Equal(t, "b", s.Schema[0].Levels[0])
}
