// Package signal holds recordings: sounds and other signals that are sampled at equal
// times. It reads and writes WAV files and cuts recordings into windows, which are
// rows for training.
//
// Frame i of a recording of rate r has the values of all channels at the time i/r. The
// window n of length L and hop H is the L frames from nH on,
//
//	row n = (x_{nH}, x_{nH+1}, …, x_{nH+L−1}),
//
// the channels of a frame side by side: the order of nn.Conv and nn.UNet with Size
// []int{L}. Windows overlap when H < L.
//
// All columns of a window have the same unit, so score.Fit is given Settings.Scaling
// CommonScale.
//
// Full scale is ±1. A sample of b bits is a whole number k, −2ᵇ⁻¹ ≤ k < 2ᵇ⁻¹, and
//
//	x = k/2ᵇ⁻¹,
//
// so that what is read and written again has the same bytes. What a model samples may lie a
// little beyond full scale: clip it before Write, or take the Encoding Float32.
//
// A recording that does not fit in memory is read from disk, window by window: see
// Open. Nothing is allocated for what a header only promises.
//
// The form of WAV files is that of Microsoft and IBM, "Multimedia Programming Interface
// and Data Specifications 1.0" (1991), with WAVE_FORMAT_EXTENSIBLE.
package signal

import "errors"

// Errors returned by this package, wrapped with the place and the value.
var (
	// ErrFormat reports a file that is no WAV file, or whose header is not as the form
	// says.
	ErrFormat = errors.New("bad format")
	// ErrEncoding reports samples of an encoding that is not one of this package.
	ErrEncoding = errors.New("unsupported encoding")
	// ErrShape reports a recording without frames or channels, or with more than an int
	// or the file counts.
	ErrShape = errors.New("wrong shape")
	// ErrLength reports a file that ends before its last sample.
	ErrLength = errors.New("wrong length")
	// ErrRange reports a value beyond full scale, or a setting outside its domain.
	ErrRange = errors.New("out of range")
	// ErrNonFinite reports a NaN or an infinity.
	ErrNonFinite = errors.New("not finite")
	// ErrChanged reports a file that is not any more what it was when it was opened.
	ErrChanged = errors.New("file has changed")
)
