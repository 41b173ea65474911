package consentload

import "bytes"

// keyerOf returns the keyer for a column whose phone numbers are of a region.
func (r *record) keyerOf(region string) *Keyer {
	if region == "" {
		return r.keyer
	}
	keyer := r.regions[region]
	if keyer == nil {
		keyer = r.keyer.inRegion(region)
		r.regions[region] = keyer
	}
	return keyer
}

// joined puts the values of a column's parts one behind another. It is not whole when some hold something, and others
// nothing.
func (r *record) joined(c *idColumn) (value []byte, whole bool) {
	value = append(r.buf[:0], bytes.TrimFunc(r.value(&c.of), isBlank)...)
	full := len(value) > 0
	for i := range c.parts {
		part := bytes.TrimFunc(r.value(&c.parts[i]), isBlank)
		if len(part) > 0 != full {
			return nil, false
		}
		value = append(value, part...)
	}
	r.buf = value
	return value, true
}
