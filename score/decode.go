package score

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sde"
)

// parts are the types that a file alone can bring back.
var parts = [...]any{
	sde.VP{}, sde.SubVP{}, sde.VE{}, sde.EDM{}, sde.Cosine{}, sde.Linear{}, sde.Discrete{},
	EDM{}, Epsilon{}, X0{}, V{}, Velocity{}, Conditions{},
	nn.MLP{}, nn.Linear{}, nn.Energy{}, nn.LayerNorm{}, nn.RMSNorm{}, nn.Dropout{}, nn.Residual{}, nn.Sequential{}, nn.Parallel{}, nn.Columns{},
	nn.Condition{}, nn.Embedded{}, nn.Embedding{}, nn.OneHot{}, nn.Fourier{}, nn.TimeFourier{},
	nn.Conv{}, nn.Resample{}, nn.GroupNorm{}, nn.Pointwise{}, nn.Mean{}, nn.Positions{}, nn.Attention{}, nn.TransformerBlock{},
	nn.UNet{}, nn.Transformer{}, nn.Mixer{}, nn.TabularTransformer{},
	nn.SiLU{}, nn.GELU{}, nn.GELUTanh{}, nn.ReLU{}, nn.Tanh{}, nn.Softplus{}, nn.Sigmoid{}, nn.LeakyReLU{}, nn.ELU{},
	nn.He{}, nn.LeCun{}, nn.Xavier{}, nn.Normal{}, nn.Zeros{}, nn.Ones{}, nn.None{},
}

// partNamed returns the type of a part, nil when there is none of this name.
func partNamed(name string) reflect.Type {
	for _, p := range parts {
		if t := reflect.TypeOf(p); typeName(t) == name {
			return t
		}
	}
	return nil
}

// decode makes the value that describe has described, of a type T that is an
// interface or a struct. size bounds the sum of the whole numbers, such as
// widths, so that a damaged file cannot ask for more memory than it has weights, and
// parts are bounded by mostParts.
func decode[T any](text string, size int) (v T, err error) {
	d := &decoder{text: text, left: size}
	if err = d.value(reflect.ValueOf(&v).Elem(), 0); err == nil && d.text != "" {
		err = d.wrong("the end")
	}
	return v, err
}

// decoder reads text from its front.
type decoder struct {
	text string
	left int // of the bound on whole numbers
	made int // parts and whole numbers
}

// mostParts is how many parts and whole numbers a description may have: more than any
// network has layers and widths, and few enough to be built and compiled at once.
const mostParts = 10_000

// wrong returns the error for what stands at the front.
func (d *decoder) wrong(want string) error {
	return fmt.Errorf("%s where %s should stand: %w", quoted(d.text), want, ErrMismatch)
}

// take removes s from the front, if it is there.
func (d *decoder) take(s string) bool {
	rest, ok := strings.CutPrefix(d.text, s)
	d.text = rest
	return ok
}

func (d *decoder) expect(s string) error {
	if !d.take(s) {
		return d.wrong(strconv.Quote(s))
	}
	return nil
}

// word removes what stands before one of the characters that end a word.
func (d *decoder) word() string {
	n := strings.IndexAny(d.text, "{}(),: ")
	if n < 0 {
		n = len(d.text)
	}
	w := d.text[:n]
	d.text = d.text[n:]
	return w
}

// value reads a value of to's type.
func (d *decoder) value(to reflect.Value, depth int) error {
	if depth > deepest {
		return fmt.Errorf("parts lie more than %d deep in each other: %w", deepest, ErrMismatch)
	}
	if to.Kind() == reflect.Interface || to.CanInt() {
		if d.made++; d.made > mostParts {
			return fmt.Errorf("the description has more than %d parts and widths: %w", mostParts, ErrMismatch)
		}
	}
	switch to.Kind() {
	case reflect.Interface:
		return d.part(to, depth)
	case reflect.Struct, reflect.Slice:
		if to.Kind() == reflect.Slice && d.take("nil") {
			return nil
		}
		name := typeName(to.Type())
		if err := d.expect(name + "{"); err != nil {
			return err
		}
		if to.Kind() == reflect.Slice {
			return d.list(to, depth)
		}
		return d.fields(to, name, depth)
	}
	return d.scalar(to)
}

// part reads what an interface holds.
func (d *decoder) part(to reflect.Value, depth int) error {
	if d.take("nil") {
		return nil
	}
	if d.take("sde.NewDiscrete(") {
		return d.discrete(to, depth)
	}
	pointer := d.take("&")
	front := d.text
	name := d.word()
	t := partNamed(name)
	if t == nil {
		return fmt.Errorf("%s is not a part that this version of the library can make: %w", quoted(name), ErrNotSerializable)
	}
	d.text = front
	v := reflect.New(t)
	if err := d.value(v.Elem(), depth+1); err != nil {
		return err
	}
	if !pointer {
		v = v.Elem()
	}
	return assign(to, v)
}

// assign sets an interface to a part.
func assign(to, part reflect.Value) error {
	if !part.Type().Implements(to.Type()) {
		return fmt.Errorf("a %s where a %s should stand: %w", typeName(part.Type()), typeName(to.Type()), ErrMismatch)
	}
	to.Set(part)
	return nil
}

// discrete reads the process of a table.
func (d *decoder) discrete(to reflect.Value, depth int) error {
	var table struct{ logA, q []float64 }
	if err := d.value(reflect.ValueOf(&table.logA).Elem(), depth+1); err != nil {
		return err
	}
	if err := d.expect(", "); err != nil {
		return err
	}
	if err := d.value(reflect.ValueOf(&table.q).Elem(), depth+1); err != nil {
		return err
	}
	if err := d.expect(")"); err != nil {
		return err
	}
	p, err := sde.NewDiscrete(table.logA, table.q)
	if err != nil {
		return err
	}
	return assign(to, reflect.ValueOf(p))
}

// fields reads the fields of a struct, after its name.
func (d *decoder) fields(to reflect.Value, name string, depth int) error {
	for last := -1; !d.take("}"); {
		if last >= 0 {
			if err := d.expect(", "); err != nil {
				return err
			}
		}
		field := d.word()
		f, ok := to.Type().FieldByName(field)
		if !ok || !f.IsExported() || len(f.Index) != 1 || f.Index[0] <= last {
			return fmt.Errorf("%s has no field %s, or not in this place: %w", name, quoted(field), ErrMismatch)
		}
		last = f.Index[0]
		if err := d.expect(":"); err != nil {
			return err
		}
		if err := d.value(to.Field(last), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// list reads the elements of a slice, after its type's name.
func (d *decoder) list(to reflect.Value, depth int) error {
	to.Set(reflect.MakeSlice(to.Type(), 0, 0))
	for n := 0; !d.take("}"); n++ {
		if n > 0 {
			if err := d.expect(", "); err != nil {
				return err
			}
		}
		e := reflect.New(to.Type().Elem()).Elem()
		if err := d.value(e, depth+1); err != nil {
			return err
		}
		to.Set(reflect.Append(to, e))
	}
	return nil
}

// scalar reads a number or a truth value.
func (d *decoder) scalar(to reflect.Value) error {
	word := d.word()
	var err error
	switch {
	case to.CanInt():
		var v int64
		if v, err = strconv.ParseInt(word, 10, to.Type().Bits()); err == nil {
			to.SetInt(v)
			if v > int64(d.left) || v < -int64(d.left) {
				return fmt.Errorf("the whole number %d is more than the weights in the file allow: %w", v, ErrMismatch)
			}
			d.left -= int(max(v, -v))
		}
	case to.CanFloat():
		var v float64
		if v, err = strconv.ParseFloat(word, to.Type().Bits()); err == nil {
			to.SetFloat(v)
		}
	case to.Kind() == reflect.Bool:
		var v bool
		if v, err = strconv.ParseBool(word); err == nil {
			to.SetBool(v)
		}
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		return fmt.Errorf("%s where a %s should stand: %w", quoted(word), typeName(to.Type()), ErrMismatch)
	}
	return nil
}
