package images

import (
	"fmt"
	"image"
	"image/color"
)

// Fit says how the image in a file becomes one of the size of a Format.
type Fit uint8

const (
	// SameSize takes images that have the size.
	SameSize Fit = iota
	// CropCentre takes the pixels in the middle of images that are at least as large.
	CropCentre
	// Resample takes the largest part of the size's proportions in the middle, and for
	// each pixel the mean over the area that it covers. Larger and smaller images both
	// do.
	Resample
)

func (f Fit) validate() error {
	if f > Resample {
		return fmt.Errorf("Settings: Fit: is %d, want SameSize, CropCentre or Resample: %w", f, ErrRange)
	}
	return nil
}

// check returns an error for an image that has no part of the size.
func (f Fit) check(to Format, height, width int) error {
	switch {
	case f == SameSize && (height != to.Height || width != to.Width):
		return fmt.Errorf("image has %d×%d pixels (height×width), want %d×%d; Settings.Fit crops or resamples: %w", height, width, to.Height, to.Width, ErrShape)
	case f == CropCentre && (height < to.Height || width < to.Width):
		return fmt.Errorf("image has %d×%d pixels (height×width), want at least %d×%d, or Fit: Resample: %w", height, width, to.Height, to.Width, ErrShape)
	}
	return nil
}

// apply returns an image of the size.
func (f Fit) apply(to Format, img image.Image) image.Image {
	b := img.Bounds()
	h, w := b.Dy(), b.Dx()
	if h == to.Height && w == to.Width {
		return img
	}
	if f == CropCentre {
		top, left := b.Min.Y+(h-to.Height)/2, b.Min.X+(w-to.Width)/2
		return img.(interface {
			SubImage(image.Rectangle) image.Image
		}).SubImage(image.Rect(left, top, left+to.Width, top+to.Height)) // all images of image/png have it
	}
	scale := min(float64(h)/float64(to.Height), float64(w)/float64(to.Width))
	ys, xs := areas(h, to.Height, scale), areas(w, to.Width, scale)
	out := image.NewNRGBA(image.Rect(0, 0, to.Width, to.Height))
	for y := range to.Height {
		for x := range to.Width {
			out.SetNRGBA(x, y, mean(img, ys[y], xs[x]))
		}
	}
	return out
}

// area is the part of an axis that a pixel covers: the share of it that lies in each of
// the pixels from first on.
type area struct {
	first  int
	shares []float64
}

// areas returns what each of m pixels covers of the middle of n, scale of them.
func areas(n, m int, scale float64) []area {
	list := make([]area, m)
	for i := range list {
		begin := (float64(n)-float64(scale*float64(m)))/2 + float64(scale*float64(i))
		end := min(begin+scale, float64(n))
		begin = max(begin, 0)
		a := area{first: min(int(begin), n-1)}
		for k := a.first; k == a.first || k < n && float64(k) < end; k++ {
			a.shares = append(a.shares, (min(end, float64(k+1))-max(begin, float64(k)))/(end-begin))
		}
		list[i] = a
	}
	return list
}

// mean returns the nearest colour to the mean over an area of lines and one of columns.
func mean(img image.Image, ys, xs area) color.NRGBA {
	b := img.Bounds()
	var sum [4]float64
	for i, p := range ys.shares {
		for j, q := range xs.shares {
			r, g, bl, al := img.At(b.Min.X+xs.first+j, b.Min.Y+ys.first+i).RGBA()
			for c, v := range [4]uint32{r, g, bl, al} {
				sum[c] += float64(float64(p*q) * float64(v)) // not fused, for the same bits anywhere
			}
		}
	}
	shade := func(v, all float64) uint8 { return uint8(min(v*0xff/max(all, 1)+0.5, 0xff)) }
	return color.NRGBA{R: shade(sum[0], sum[3]), G: shade(sum[1], sum[3]), B: shade(sum[2], sum[3]), A: shade(sum[3], 0xffff)}
}
