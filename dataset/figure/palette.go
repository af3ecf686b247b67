package figure

import (
	"cmp"
	"image"
	"image/color"
	"iter"
	"maps"
	"slices"
)

// reduce returns images with n colours in common, which makes their file less
// than half as long. Colours are told apart in steps of 4; the commonest one of
// every eighth of each channel is kept, so that a rare colour like that of
// single points survives, then the commonest of all.
func reduce(n int, images ...image.Image) []*image.Paletted {
	counts := map[color.RGBA]int{}
	for _, img := range images {
		for c := range coarse(img) {
			counts[c]++
		}
	}
	common := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var kept, rest color.Palette
	seen := map[color.RGBA]bool{}
	for _, c := range common {
		bin := color.RGBA{c.R >> 5, c.G >> 5, c.B >> 5, 0}
		if seen[bin] {
			rest = append(rest, c)
			continue
		}
		seen[bin] = true
		kept = append(kept, c)
	}
	kept = append(kept, rest...)
	kept = kept[:min(len(kept), n)]
	index := make(map[color.RGBA]uint8, len(common))
	for _, c := range common {
		index[c] = uint8(kept.Index(c))
	}
	out := make([]*image.Paletted, len(images))
	for i, img := range images {
		out[i] = image.NewPaletted(img.Bounds(), kept)
		k := 0
		for c := range coarse(img) {
			out[i].Pix[k] = index[c]
			k++
		}
	}
	return out
}

// coarse yields the colours of an image, row by row, in steps of 4.
func coarse(img image.Image) iter.Seq[color.RGBA] {
	return func(yield func(color.RGBA) bool) {
		b := img.Bounds()
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				r, g, b, _ := img.At(x, y).RGBA()
				if !yield(color.RGBA{step(r), step(g), step(b), 0xff}) {
					return
				}
			}
		}
	}
}

// step rounds a channel of 16 bits to a multiple of 4 in 8 bits, white to
// white.
func step(v uint32) uint8 { return uint8(min((v>>8+2)/4*4, 0xff)) }
