package table

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// bounded is a reader that fails as soon as a record, a line or several of them
// within quotes, has more bytes or cells than it may. What reads from it then needs
// no more memory than that, whatever the file.
type bounded struct {
	r      io.Reader
	most   int // bytes of a record
	comma  []byte
	length int // bytes of the record so far
	commas int
	line   int // lines that have ended
	first  int // of these before the record
	quoted bool
	err    error
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	if b.err = b.scan(p[:n]); b.err != nil {
		return n, b.err
	}
	return n, err
}

// scan follows records through the next bytes. A quote within quotes is written
// twice, which leaves them and enters them again.
func (b *bounded) scan(p []byte) error {
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		line := p
		if i >= 0 {
			line = p[:i+1]
		}
		b.length += len(line)
		if b.length > b.most {
			what := "has"
			if b.quoted {
				what = "opens a quote and has"
			}
			return fmt.Errorf("line %d: the row that begins here %s more than LongestRecord, %d bytes: %w", b.first+1, what, b.most, ErrLimit)
		}
		if b.count(line); b.commas >= mostColumns {
			return fmt.Errorf("line %d: has more than %d cells, want at most so many columns: %w", b.first+1, mostColumns, ErrLimit)
		}
		if i < 0 {
			return nil
		}
		b.line++
		if !b.quoted {
			b.length, b.commas, b.first = 0, 0, b.line
		}
		p = p[i+1:]
	}
	return nil
}

// count counts the separators outside quotes.
func (b *bounded) count(line []byte) {
	for {
		i := bytes.IndexByte(line, '"')
		part := line
		if i >= 0 {
			part = line[:i]
		}
		if !b.quoted {
			b.commas += bytes.Count(part, b.comma)
		}
		if i < 0 {
			return
		}
		b.quoted = !b.quoted
		line = line[i+1:]
	}
}

// signatures are how files begin that are no text.
var signatures = []struct{ begin, name string }{
	{"\xff\xfe", "is UTF-16"},
	{"\xfe\xff", "is UTF-16"},
	{"PK\x03\x04", "is a zip archive, such as a spreadsheet"},
	{"PAR1", "is a Parquet file"},
}

// checkText returns an error when the file begins as something else than text,
// and takes off the byte order mark.
func checkText(r *bufio.Reader) error {
	begin, _ := r.Peek(4)
	for _, s := range signatures {
		if bytes.HasPrefix(begin, []byte(s.begin)) {
			return fmt.Errorf("%s, want text in UTF-8, cells separated by commas: %w", s.name, ErrSyntax)
		}
	}
	if bytes.HasPrefix(begin, []byte("\uFEFF")) {
		r.Discard(3)
	}
	return nil
}

// findComma returns the separator that the first line has most of outside quotes.
func findComma(r *bufio.Reader) rune {
	begin, _ := r.Peek(r.Size())
	counts, quoted := map[byte]int{}, false
	for _, b := range bytes.TrimLeft(begin, "\r\n") {
		if b == '"' {
			quoted = !quoted
		}
		if b == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[b]++
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best)
}
