package images

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
)

// read calls f with an open file, which has to be as it was when the folder was opened.
func (d *Folder) read(at file, f func(io.Reader) error) error {
	r, err := d.files.Open(at.path)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return err
	}
	if info.Size() != at.size || !info.ModTime().Equal(at.time) {
		return fmt.Errorf("has %d bytes of %s, want %d of %s as when it was opened: %w",
			info.Size(), info.ModTime().UTC().Format(layout), at.size, at.time.UTC().Format(layout), ErrChanged)
	}
	return f(r)
}

const layout = "2006-01-02 15:04:05.000"

// readHead reads the head of a file of size bytes. The bytes cannot hold more than deflate
// makes of them, about 1032 to one: what promises more is not decoded, because the memory
// would be taken first.
func readHead(r io.Reader, size int64) (image.Config, error) {
	h, err := png.DecodeConfig(r)
	if err != nil {
		return image.Config{}, decodingError(err)
	}
	const most = 1040
	if h.Height > mostPixels/h.Width || int64(h.Height)*(1+int64(h.Width)*bits(h.ColorModel)/8) > most*size {
		return image.Config{}, fmt.Errorf("promises %d×%d pixels (height×width) in %d bytes, more than they can hold: %w", h.Height, h.Width, size, ErrFormat)
	}
	return h, nil
}

// readImage decodes a file of size bytes.
func readImage(r io.Reader, size int64) (image.Image, error) {
	content, err := io.ReadAll(io.LimitReader(r, size))
	if err != nil {
		return nil, err
	}
	if _, err := readHead(bytes.NewReader(content), size); err != nil {
		return nil, err
	}
	img, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, decodingError(err)
	}
	return img, nil
}

// bits returns the least number of bits of a pixel in the file.
func bits(m color.Model) int64 {
	switch m {
	case color.GrayModel:
		return 1 // up to 8
	case color.Gray16Model, color.NRGBAModel:
		return 16 // the second, with alpha, is grey or coloured
	case color.RGBAModel:
		return 24
	case color.RGBA64Model, color.NRGBA64Model:
		return 32
	}
	return 1 // a palette
}

// decodingError returns what the decoder says as an error of this package, and what the
// file system says as it is.
func decodingError(err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("ends before its last pixel: %w", ErrFormat)
	}
	return fmt.Errorf("is no PNG file that can be read: %v: %w", err, ErrFormat)
}
