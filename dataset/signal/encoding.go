package signal

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Encoding is how a sample is kept in a file. The zero value is PCM16.
type Encoding uint8

// Whole numbers of 8 to 32 bits, and floating-point numbers of 32, all little-endian.
const (
	PCM16 Encoding = iota
	PCM8           // the only one without a sign: 128 is silence
	PCM24
	PCM32
	Float32
)

// String returns the name of the constant.
func (e Encoding) String() string {
	if names := [...]string{"PCM16", "PCM8", "PCM24", "PCM32", "Float32"}; int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("Encoding(%d)", uint8(e))
}

// Bytes returns the size of a sample, 0 for what is no Encoding.
func (e Encoding) Bytes() int {
	if sizes := [...]int{2, 1, 3, 4, 4}; int(e) < len(sizes) {
		return sizes[e]
	}
	return 0
}

// fullScale is 2ᵇ⁻¹ for whole numbers of b bits.
func (e Encoding) fullScale() float64 { return float64(uint64(1) << (8*e.Bytes() - 1)) }

// decode writes the samples in src into dst, and returns the place of the first that is
// not finite, or −1.
func (e Encoding) decode(dst []float64, src []byte) (bad int) {
	switch e {
	case PCM8:
		for i := range dst {
			dst[i] = float64(int(src[i])-128) / (1 << 7)
		}
	case PCM16:
		for i := range dst {
			dst[i] = float64(int16(binary.LittleEndian.Uint16(src[2*i:]))) / (1 << 15)
		}
	case PCM24:
		for i := range dst {
			b := src[3*i : 3*i+3]
			dst[i] = float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / (1 << 31)
		}
	case PCM32:
		for i := range dst {
			dst[i] = float64(int32(binary.LittleEndian.Uint32(src[4*i:]))) / (1 << 31)
		}
	case Float32:
		for i := range dst {
			v := float64(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:])))
			if math.IsNaN(v - v) {
				return i
			}
			dst[i] = v
		}
	}
	return -1
}

// append appends the sample v: the nearest whole number, +1 being the largest.
func (e Encoding) append(dst []byte, v float64) ([]byte, error) {
	if math.IsNaN(v - v) {
		return dst, fmt.Errorf("is %v, want a finite number: %w", v, ErrNonFinite)
	}
	if e == Float32 {
		if v = float64(float32(v)); math.IsInf(v, 0) {
			return dst, fmt.Errorf("overflows float32: %w", ErrRange)
		}
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v))), nil
	}
	if v < -1 || v > 1 {
		return dst, fmt.Errorf("is %v, want a number within ±1, or the encoding Float32: %w", v, ErrRange)
	}
	k := int64(min(math.RoundToEven(v*e.fullScale()), e.fullScale()-1))
	switch e {
	case PCM8:
		return append(dst, byte(k+128)), nil
	case PCM16:
		return append(dst, byte(k), byte(k>>8)), nil
	case PCM24:
		return append(dst, byte(k), byte(k>>8), byte(k>>16)), nil
	}
	return append(dst, byte(k), byte(k>>8), byte(k>>16), byte(k>>24)), nil
}
