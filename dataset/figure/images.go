package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// Images shows the rows of X as small grey images, from left to right and from
// the top down, Columns of them in a line. A row holds the Height×Width values
// of its image line by line from the top. Values from Low to High go from black
// to white, others are black or white; Low = High takes the least and the
// largest value of X.
//
// As a layer it fills its panel, whose axes must be linear. Panel makes the
// panel that fits.
type Images struct {
	X             mat.Matrix
	Height, Width int // pixels of an image
	Columns       int // images in a line; zero: as many as make a square sheet
	Low, High     float64
}

// magnify is how many times a pixel is repeated along each axis, so that its
// edges stay sharp when the picture is scaled.
const magnify = 8

// Panel returns a panel of these images alone, without ticks. A unit of its axes
// is a pixel. It panics when the sizes do not fit X.
func (l Images) Panel(title string) Panel {
	lines, columns := l.layout()
	return Panel{
		Title:  title,
		XLim:   [2]float64{0, float64(columns * (l.Width + 1))},
		YLim:   [2]float64{0, float64(lines * (l.Height + 1))},
		Bare:   true,
		Layers: []Layer{l},
	}
}

// layout returns the numbers of lines and columns of images.
func (l Images) layout() (lines, columns int) {
	if l.X == nil {
		panic("figure: Images.X is nil")
	}
	n, d := l.X.Dims()
	if l.Height < 1 || l.Width < 1 || d != l.Height*l.Width {
		panic(fmt.Sprintf("figure: Images.X is %d×%d, want %d×%d columns of images with Height %d and Width %d",
			n, d, l.Height, l.Width, l.Height, l.Width))
	}
	if l.Columns < 0 {
		panic(fmt.Sprintf("figure: Images.Columns is %d, want ≥ 0", l.Columns))
	}
	columns = l.Columns
	if columns == 0 {
		columns = int(math.Ceil(math.Sqrt(float64(n*l.Height) / float64(l.Width))))
	}
	return (n + columns - 1) / columns, columns
}

func (l Images) plotter(p *Panel) (plot.Plotter, error) {
	if p.Log {
		return nil, fmt.Errorf("images on logarithmic axes, want linear ones")
	}
	lines, columns := l.layout()
	n, d := l.X.Dims()
	low, high := l.Low, l.High
	if low == high {
		low, high = mat.Min(l.X), mat.Max(l.X)
	}
	if math.IsNaN(low-low) || math.IsNaN(high-high) || low > high {
		return nil, fmt.Errorf("images from Low %v to High %v, want finite and increasing", low, high)
	}
	h, w := l.Height+1, l.Width+1 // a white pixel keeps images apart
	img := image.NewGray(image.Rect(0, 0, columns*w*magnify, lines*h*magnify))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for i := range n {
		top, left := i/columns*h, i%columns*w
		for k := range d {
			v := l.X.At(i, k)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("image %d has %v at (%d, %d), want finite", i, v, k/l.Width, k%l.Width)
			}
			u := 0.
			if high > low {
				u = min(max((v-low)/(high-low), 0), 1)
			}
			fill(img, left+k%l.Width, top+k/l.Width, color.Gray{Y: uint8(255*u + 0.5)})
		}
	}
	return plotter.NewImage(img, p.XLim[0], p.YLim[0], p.XLim[1], p.YLim[1]), nil
}

// fill sets one magnified pixel.
func fill(img *image.Gray, x, y int, c color.Gray) {
	for i := range magnify {
		for j := range magnify {
			img.SetGray(x*magnify+j, y*magnify+i, c)
		}
	}
}
