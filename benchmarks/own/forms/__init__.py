"""The forms that own data may have, one module each, with a `Form` called ``FORM``."""
