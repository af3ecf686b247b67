package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// header is what the JSON of a file says.
type header struct {
	entries  []entry
	metadata map[string]string
	crc      uint32
	crcAt    int // offset of the checksum's digits in the JSON, 0 without one
	version  int
}

type entry struct {
	name       string
	dtype      string
	shape      []int
	n          int // number of elements
	begin, end uint64
}

// parseHeader reads the JSON token by token, because a decoder to structs
// takes duplicate keys and keys in another case for the same field.
func parseHeader(raw []byte) (*header, error) {
	if !utf8.Valid(raw) {
		return nil, fmt.Errorf("%w: header is not UTF-8", ErrCorrupt)
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, fmt.Errorf("%w: header does not begin with {", ErrCorrupt)
	}
	p := &parser{raw: raw, dec: json.NewDecoder(bytes.NewReader(raw))}
	p.dec.UseNumber()
	h := &header{}
	p.object(func(key string) {
		if key == metadataKey {
			p.metadata(h)
		} else {
			p.tensor(h, key)
		}
	})
	if p.err != nil {
		return nil, p.err
	}
	if rest := bytes.TrimLeft(raw[p.dec.InputOffset():], " "); len(rest) > 0 {
		return nil, fmt.Errorf("%w: %q after the header's end", ErrCorrupt, rest[:1])
	}
	if err := h.protection(); err != nil {
		return nil, err
	}
	return h, h.layout()
}

// protection takes the package's own keys out of the metadata.
func (h *header) protection() error {
	version, hasVersion := h.metadata[versionKey]
	crc, hasCRC := h.metadata[crcKey]
	if !hasVersion && !hasCRC {
		return nil
	}
	if !hasVersion || !hasCRC {
		return fmt.Errorf("%w: only one of %q and %q is present", ErrCorrupt, versionKey, crcKey)
	}
	v, err := strconv.ParseUint(version, 10, 31)
	if err != nil || v == 0 || version != strconv.FormatUint(v, 10) {
		return fmt.Errorf("%w: %s %s", ErrCorrupt, versionKey, quote(version))
	}
	if v > Version {
		return fmt.Errorf("%w: file has %d, this program reads up to %d", ErrVersion, v, Version)
	}
	c, err := strconv.ParseUint(crc, 16, 32)
	if err != nil || crc != fmt.Sprintf("%08x", c) || h.crcAt == 0 {
		return fmt.Errorf("%w: %s %s", ErrCorrupt, crcKey, quote(crc))
	}
	h.version, h.crc = int(v), uint32(c)
	delete(h.metadata, versionKey)
	delete(h.metadata, crcKey)
	return nil
}

// layout sorts the entries by their place in the data and checks that they
// follow each other without gap or overlap.
func (h *header) layout() error {
	slices.SortStableFunc(h.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	at := uint64(0)
	for _, e := range h.entries {
		if e.begin != at || e.end < e.begin {
			return fmt.Errorf("%w: tensor %s has data_offsets [%d, %d], want to begin at %d", ErrCorrupt, quote(e.name), e.begin, e.end, at)
		}
		at = e.end
	}
	if at > math.MaxInt64 {
		return fmt.Errorf("%w: %d bytes of data", ErrLimit, at)
	}
	return nil
}

// parser walks JSON tokens. The first error sticks and ends every loop.
type parser struct {
	raw []byte
	dec *json.Decoder
	err error
}

func (p *parser) fail(sentinel error, format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: %s", sentinel, fmt.Sprintf(format, args...))
	}
}

func (p *parser) token() json.Token {
	if p.err != nil {
		return nil
	}
	t, err := p.dec.Token()
	if err != nil {
		p.fail(ErrCorrupt, "header: %v", err)
	}
	return t
}

func (p *parser) delim(want json.Delim) {
	if got := p.token(); got != want {
		p.fail(ErrCorrupt, "header has %s at byte %d, want %v", show(got), p.dec.InputOffset(), want)
	}
}

func (p *parser) str() string {
	t := p.token()
	s, ok := t.(string)
	if !ok {
		p.fail(ErrCorrupt, "header has %s at byte %d, want a string", show(t), p.dec.InputOffset())
	}
	return s
}

func (p *parser) uint(max uint64) uint64 {
	t := p.token()
	s, _ := t.(json.Number)
	v, err := strconv.ParseUint(string(s), 10, 64)
	if err != nil {
		p.fail(ErrCorrupt, "header has %s at byte %d, want a whole number", show(t), p.dec.InputOffset())
	} else if v > max {
		p.fail(ErrShape, "header has %d at byte %d, want at most %d", v, p.dec.InputOffset(), max)
	}
	return v
}

// show returns a token for an error.
func show(t json.Token) string {
	s := fmt.Sprint(t)
	if len(s) > maxQuote {
		return quote(s)
	}
	return s
}

// object calls each for every key, which has to read the value.
func (p *parser) object(each func(key string)) {
	p.delim('{')
	seen := map[string]bool{}
	for p.err == nil && p.dec.More() {
		key := p.str()
		if seen[key] {
			p.fail(ErrCorrupt, "key %s stands twice", quote(key))
		}
		if seen[key] = true; p.err == nil {
			each(key)
		}
	}
	p.delim('}')
}

// array calls each for every element, which has to read it.
func (p *parser) array(each func()) {
	p.delim('[')
	for p.err == nil && p.dec.More() {
		each()
	}
	p.delim(']')
}

func (p *parser) metadata(h *header) {
	h.metadata = map[string]string{}
	p.object(func(key string) {
		if len(h.metadata) == MaxTensors {
			p.fail(ErrLimit, "more than %d metadata keys", MaxTensors)
			return
		}
		value := p.str()
		h.metadata[key] = value
		// The digits have to stand in the file as themselves, not as escapes.
		if end := int(p.dec.InputOffset()) - 1; key == crcKey && end > len(value) && string(p.raw[end-len(value):end]) == value {
			h.crcAt = end - len(value)
		}
	})
}

func (p *parser) tensor(h *header, name string) {
	if len(name) > MaxName {
		p.fail(ErrLimit, "tensor name of %d bytes, want at most %d", len(name), MaxName)
		return
	}
	if len(h.entries) == MaxTensors {
		p.fail(ErrLimit, "more than %d tensors", MaxTensors)
		return
	}
	e := entry{name: name, shape: []int{}}
	fields := 0
	p.object(func(key string) {
		fields++
		switch key {
		case "dtype":
			e.dtype = p.str()
		case "shape":
			p.array(func() {
				e.shape = append(e.shape, int(p.uint(math.MaxInt)))
			})
		case "data_offsets":
			var at []uint64
			p.array(func() {
				if len(at) == 2 {
					p.fail(ErrCorrupt, "tensor %s has more than two data_offsets", quote(name))
				}
				at = append(at, p.uint(math.MaxUint64))
			})
			if len(at) == 2 {
				e.begin, e.end = at[0], at[1]
			} else {
				p.fail(ErrCorrupt, "tensor %s has %d data_offsets, want 2", quote(name), len(at))
			}
		default:
			p.fail(ErrCorrupt, "tensor %s has the unknown key %s", quote(name), quote(key))
		}
	})
	if fields != 3 {
		p.fail(ErrCorrupt, "tensor %s has %d of its 3 keys", quote(name), fields)
	}
	if p.err == nil {
		p.err = e.check()
	}
	h.entries = append(h.entries, e)
}

// check compares the shape with the number of bytes, of which only the offsets
// tell when the type is not known.
func (e *entry) check() (err error) {
	size := dtypeSize(e.dtype)
	if e.n, err = elements(e.shape, max(size, 1)); err != nil {
		return fmt.Errorf("tensor %s: %w", quote(e.name), err)
	}
	if e.end < e.begin || size > 0 && e.end-e.begin != uint64(e.n)*uint64(size) {
		return fmt.Errorf("%w: tensor %s of shape %s and dtype %s has data_offsets [%d, %d]", ErrCorrupt, quote(e.name), showShape(e.shape), quote(e.dtype), e.begin, e.end)
	}
	return nil
}
