package score

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gradlogp/gradlogp/sde"
)

// describe returns v as the Go expression that makes it, without the fields that
// are zero, so that two processes can compare it, and decode can make the value
// again when its parts are of this library. own are the types of the other
// parts. Where v holds what has no such form (a function, a channel) the error
// names the place and wraps ErrNotSerializable; a GoString method is the way out.
func describe(name string, v any) (text string, own []string, err error) {
	return (&describer{}).all(name, v)
}

// describeExported is describe without the unexported fields of structs, which
// hold the state of an optimiser.
func describeExported(name string, v any) (string, error) {
	text, _, err := (&describer{exported: true}).all(name, v)
	return text, err
}

// deepest is how deep parts may lie inside each other.
const deepest = 100

type describer struct {
	exported bool
	own      []string
	text     []byte
}

func (d *describer) all(name string, v any) (text string, own []string, err error) {
	if what := d.part(name, reflect.ValueOf(v), 1); what != "" {
		return "", nil, fmt.Errorf("%s; give %T, or a type around it, a GoString method: %w", what, v, ErrNotSerializable)
	}
	return string(d.text), d.own, nil
}

func (d *describer) add(s ...string) {
	for _, s := range s {
		d.text = append(d.text, s...)
	}
}

// part describes what an interface holds, whose type has to be told. It returns
// what has no description, "" when all has.
func (d *describer) part(path string, v reflect.Value, depth int) (what string) {
	if !v.IsValid() {
		d.add("nil")
		return ""
	}
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if partNamed(typeName(t)) != t {
		d.own = append(d.own, typeName(v.Type())+" in "+path)
	}
	if isScalar(v.Kind()) && v.Type().PkgPath() != "" && !isGoStringer(v) {
		d.add(typeName(v.Type()), "(")
		defer d.add(")")
	}
	return d.value(path, v, depth)
}

// value describes a value whose type is known where it stands.
func (d *describer) value(path string, v reflect.Value, depth int) (what string) {
	if depth > deepest {
		return path + " is too deep"
	}
	if v.CanInterface() {
		switch s := v.Interface().(type) {
		case *sde.Discrete:
			if s != nil {
				logA, q := s.Table()
				d.add("sde.NewDiscrete(")
				d.value(path, reflect.ValueOf(logA), depth)
				d.add(", ")
				d.value(path, reflect.ValueOf(q), depth)
				d.add(")")
				return ""
			}
		case fmt.GoStringer:
			if isGoStringer(v) {
				d.add(s.GoString())
				return ""
			}
		}
	}
	switch v.Kind() {
	case reflect.Interface:
		return d.part(path, v.Elem(), depth+1)
	case reflect.Pointer:
		if v.IsNil() {
			d.add("nil")
			return ""
		}
		d.add("&")
		return d.value(path, v.Elem(), depth+1)
	case reflect.Struct:
		return d.fields(path, v, depth)
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			d.add("nil")
			return ""
		}
		return d.list(path, v, depth)
	case reflect.Map:
		return d.pairs(path, v, depth)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		if !v.IsNil() {
			return fmt.Sprintf("%s is a %v", path, v.Kind())
		}
		d.add("nil")
	default:
		d.add(scalar(v))
	}
	return ""
}

// fields describes a struct.
func (d *describer) fields(path string, v reflect.Value, depth int) (what string) {
	d.add(typeName(v.Type()), "{")
	separator := ""
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if v.Field(i).IsZero() || d.exported && !f.IsExported() {
			continue
		}
		d.add(separator, f.Name, ":")
		if what := d.value(path+"."+f.Name, v.Field(i), depth+1); what != "" {
			return what
		}
		separator = ", "
	}
	d.add("}")
	return ""
}

// list describes a slice or an array.
func (d *describer) list(path string, v reflect.Value, depth int) (what string) {
	d.add(typeName(v.Type()), "{")
	for i := range v.Len() {
		if i > 0 {
			d.add(", ")
		}
		if what := d.value(fmt.Sprintf("%s[%d]", path, i), v.Index(i), depth+1); what != "" {
			return what
		}
	}
	d.add("}")
	return ""
}

// pairs describes a map, in the order of its keys' descriptions.
func (d *describer) pairs(path string, v reflect.Value, depth int) (what string) {
	texts := map[string]string{}
	for _, k := range v.MapKeys() {
		one := &describer{exported: d.exported}
		if what := one.value(path+"[…]", k, depth+1); what != "" {
			return what
		}
		key := len(one.text)
		if what := one.value(path+"[…]", v.MapIndex(k), depth+1); what != "" {
			return what
		}
		d.own = append(d.own, one.own...)
		texts[string(one.text[:key])] = string(one.text[key:])
	}
	d.add(typeName(v.Type()), "{")
	for i, k := range slices.Sorted(maps.Keys(texts)) {
		if i > 0 {
			d.add(", ")
		}
		d.add(k, ":", texts[k])
	}
	d.add("}")
	return ""
}

// isGoStringer reports whether v has a description of its own that can be asked
// for.
func isGoStringer(v reflect.Value) bool {
	if !v.CanInterface() || v.Kind() == reflect.Pointer && v.IsNil() {
		return false
	}
	_, ok := v.Interface().(fmt.GoStringer)
	return ok
}

func isScalar(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Complex128 || k == reflect.String
}

// scalar returns a value of a basic kind, numbers with all their digits.
func scalar(v reflect.Value) string {
	switch {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	case v.CanComplex():
		return strconv.FormatComplex(v.Complex(), 'g', -1, v.Type().Bits())
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	}
	return strconv.Quote(v.String())
}

// typeName returns the name of a type: its package's last name for this
// library's, the whole import path for others.
func typeName(t reflect.Type) string {
	if t.Name() != "" {
		switch pkg := t.PkgPath(); {
		case pkg == "":
			return t.Name()
		case strings.HasPrefix(pkg, home):
			return pkg[strings.LastIndexByte(pkg, '/')+1:] + "." + t.Name()
		default:
			return pkg + "." + t.Name()
		}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeName(t.Elem())
	case reflect.Slice:
		return "[]" + typeName(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), typeName(t.Elem()))
	case reflect.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	}
	return t.String()
}

// home is what the import paths of this library's packages begin with.
const home = "github.com/gradlogp/gradlogp/"
