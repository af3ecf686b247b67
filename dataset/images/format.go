package images

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Format says how a row is an image.
type Format struct {
	Height, Width int // pixels
	Channels      int // 1 grey, 3 red, green and blue, 4 with alpha; 0 is 1
	Shades        int // of a channel, at least 2, of which 0 is black; 0 is 256
	// Low and High are the numbers of the first and the last shade; both 0 are −1 and 1.
	Low, High float64
}

// mostPixels bounds an image, so that products of lengths do not overflow.
const mostPixels = 1 << 28

// Validate returns an error wrapping ErrRange for a field outside its domain.
func (f Format) Validate() error {
	d := f.defaults()
	switch {
	case f.Height < 1 || f.Width < 1 || f.Height > mostPixels/f.Width:
		return fmt.Errorf("Format: Height, Width: are %d, %d, want positive numbers with a product up to 2²⁸: %w", f.Height, f.Width, ErrRange)
	case d.Channels != 1 && d.Channels != 3 && d.Channels != 4 || d.Channels > mostPixels/(f.Height*f.Width):
		return fmt.Errorf("Format: Channels: is %d, want 1, 3 or 4, or 0 for 1, with up to 2²⁸ numbers in all: %w", f.Channels, ErrRange)
	case d.Shades < 2 || d.Shades > 1<<16:
		return fmt.Errorf("Format: Shades: is %d, want a number of 2, …, 65,536, or 0 for 256: %w", f.Shades, ErrRange)
	case !(d.Low < d.High) || math.IsInf(d.High-d.Low, 0) || !(d.Low+f.step()/2 > d.Low && d.High-f.step()/2 < d.High):
		return fmt.Errorf("Format: Low, High: are %v, %v, want finite numbers far enough apart for %d shades: %w", f.Low, f.High, d.Shades, ErrRange)
	}
	return nil
}

func (f Format) defaults() Format {
	f.Channels, f.Shades = cmp.Or(f.Channels, 1), cmp.Or(f.Shades, 256)
	if f.Low == 0 && f.High == 0 {
		f.Low, f.High = -1, 1
	}
	return f
}

// Size returns Height and Width, as nn.UNet and augment.Grid take them.
func (f Format) Size() []int { return []int{f.Height, f.Width} }

// Columns returns the length of a row.
func (f Format) Columns() int { return f.Height * f.Width * cmp.Or(f.Channels, 1) }

// Step returns the difference of the numbers of neighbouring shades.
func (f Format) Step() float64 { return f.step() }

func (f Format) step() float64 {
	f = f.defaults()
	return (f.High - f.Low) / float64(f.Shades-1)
}

// Value returns the number of shade k. The last shade has High to the bit.
func (f Format) Value(k int) float64 {
	f = f.defaults()
	if k == f.Shades-1 {
		return f.High
	}
	return f.Low + (f.High-f.Low)*float64(k)/float64(f.Shades-1)
}

// Shade returns the shade whose number is the nearest to v, the first for a NaN.
func (f Format) Shade(v float64) int {
	f = f.defaults()
	k := math.Floor((v-f.Low)/f.step() + 0.5)
	if !(k > 0) {
		return 0
	}
	return int(min(k, float64(f.Shades-1)))
}

// Snap moves every number of x to the nearest of a shade.
func (f Format) Snap(x *mat.Dense) {
	x.Apply(func(_, _ int, v float64) float64 { return f.Value(f.Shade(v)) }, x)
}

// Image returns the image of a row, to the nearest shade: an *image.Gray, or an
// *image.NRGBA for more channels than one. It panics when the row has another length
// than Columns.
func (f Format) Image(row []float64) image.Image {
	f.mustFit(row)
	f = f.defaults()
	byteOf := func(v float64) uint8 { return uint8((f.Shade(v)*255*2 + f.Shades - 1) / (2 * (f.Shades - 1))) }
	r := image.Rect(0, 0, f.Width, f.Height)
	if f.Channels == 1 {
		img := image.NewGray(r)
		for i, v := range row {
			img.Pix[i] = byteOf(v)
		}
		return img
	}
	img := image.NewNRGBA(r)
	for p := range f.Height * f.Width {
		c := img.Pix[4*p : 4*p+4]
		c[3] = 0xff
		for i := range f.Channels {
			c[i] = byteOf(row[p*f.Channels+i])
		}
	}
	return img
}

// Encode writes the row of an image of Height×Width pixels into dst, each with the nearest
// shade. It returns ErrShape for an image of another size, or with transparent pixels
// where there is no channel for them. Of a colour a grey image has the luma of ITU-R
// BT.601. It panics when dst has another length than Columns.
func (f Format) Encode(dst []float64, img image.Image) error {
	if err := f.encode(dst, img); err != nil {
		return fmt.Errorf("images: Encode: %w", err)
	}
	return nil
}

func (f Format) encode(dst []float64, img image.Image) error {
	f.mustFit(dst)
	f = f.defaults()
	b := img.Bounds()
	if b.Dy() != f.Height || b.Dx() != f.Width {
		return fmt.Errorf("image has %d×%d pixels (height×width), want %d×%d: %w", b.Dy(), b.Dx(), f.Height, f.Width, ErrShape)
	}
	values, colour := f.bytes(), colours(img)
	for y := range f.Height {
		for x := range f.Width {
			c := colour(b.Min.X+x, b.Min.Y+y)
			if c.A != 0xff && f.Channels != 4 {
				return fmt.Errorf("pixel in line %d, column %d has alpha %d, want 255: opaque, or Channels 4: %w", y, x, c.A, ErrShape)
			}
			if f.Channels == 1 {
				c.R, _, _ = color.RGBToYCbCr(c.R, c.G, c.B)
			}
			for i, v := range []uint8{c.R, c.G, c.B, c.A}[:f.Channels] {
				dst[(y*f.Width+x)*f.Channels+i] = values[v]
			}
		}
	}
	return nil
}

// colours returns the function that gives the colour of a pixel, for the images of most
// files without an allocation.
func colours(img image.Image) func(x, y int) color.NRGBA {
	switch img := img.(type) {
	case *image.Gray:
		return func(x, y int) color.NRGBA {
			c := img.GrayAt(x, y)
			return color.NRGBA{c.Y, c.Y, c.Y, 0xff}
		}
	case *image.RGBA:
		if img.Opaque() {
			return func(x, y int) color.NRGBA { return color.NRGBA(img.RGBAAt(x, y)) }
		}
	case *image.NRGBA:
		return img.NRGBAAt
	}
	return func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA) }
}

// bytes returns the numbers of the shades nearest to 0, …, 255.
func (f Format) bytes() (values [256]float64) {
	for k := range values {
		values[k] = f.Value((k*(f.Shades-1)*2 + 255) / (2 * 255))
	}
	return values
}

func (f Format) mustFit(row []float64) {
	if len(row) != f.Columns() {
		panic(fmt.Sprintf("images: a row of %d numbers, want %d for %d×%d pixels (height×width) of %d channels", len(row), f.Columns(), f.Height, f.Width, cmp.Or(f.Channels, 1)))
	}
}
