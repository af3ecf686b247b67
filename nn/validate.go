package nn

import "errors"

// ErrRange is wrapped by errors about hyper-parameters outside their range.
var ErrRange = errors.New("out of range")

// Validator is implemented by values whose hyper-parameters can be wrong.
type Validator interface {
	// Validate returns an error that names each bad field, its value and what
	// was expected, and wraps ErrRange.
	Validate() error
}

// Validate returns v.Validate() when v is a Validator, otherwise nil.
func Validate(v any) error {
	if v, ok := v.(Validator); ok {
		return v.Validate()
	}
	return nil
}
