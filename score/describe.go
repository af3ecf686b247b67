package score

import (
	"fmt"
	"reflect"
)

// describe returns v as a Go value, its %#v form, to be compared with that of
// another process. Where v holds something whose form is an address (a
// function, a channel, a pointer below the top) the error names it and wraps
// ErrNotSerializable; a GoString method is the way out.
func describe(name string, v any) (string, error) {
	if what := opaque(reflect.ValueOf(v), name, true); what != "" {
		return "", fmt.Errorf("%w: %s; give %T, or a type around it, a GoString method", ErrNotSerializable, what, v)
	}
	return fmt.Sprintf("%#v", v), nil
}

// opaque names the first part of v that has no description, "" when there is
// none.
func opaque(v reflect.Value, path string, top bool) string {
	if !v.IsValid() {
		return ""
	}
	if v.CanInterface() {
		if _, ok := v.Interface().(fmt.GoStringer); ok {
			return ""
		}
	}
	switch v.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		if !v.IsNil() {
			return fmt.Sprintf("%s is a %v", path, v.Kind())
		}
	case reflect.Pointer:
		switch {
		case v.IsNil():
		case top:
			return opaque(v.Elem(), path, false)
		default:
			return fmt.Sprintf("%s is a pointer", path)
		}
	case reflect.Interface:
		return opaque(v.Elem(), path, false)
	case reflect.Struct:
		for i := range v.NumField() {
			if what := opaque(v.Field(i), path+"."+v.Type().Field(i).Name, false); what != "" {
				return what
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if what := opaque(v.Index(i), fmt.Sprintf("%s[%d]", path, i), false); what != "" {
				return what
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if what := opaque(v.MapIndex(k), path+"[…]", false); what != "" {
				return what
			}
		}
	}
	return ""
}

// hyperparameters returns a copy of v without the unexported fields of structs,
// which hold the state of an optimiser.
func hyperparameters(v any) any {
	from := reflect.ValueOf(v)
	if from.Kind() != reflect.Pointer || from.IsNil() || from.Elem().Kind() != reflect.Struct {
		return v
	}
	to := reflect.New(from.Type().Elem())
	copyExported(to.Elem(), from.Elem())
	return to.Interface()
}

func copyExported(to, from reflect.Value) {
	for i := range from.NumField() {
		switch {
		case !from.Type().Field(i).IsExported():
		case from.Field(i).Kind() == reflect.Struct:
			copyExported(to.Field(i), from.Field(i))
		default:
			to.Field(i).Set(from.Field(i))
		}
	}
}
