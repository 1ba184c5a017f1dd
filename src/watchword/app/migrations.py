"""Bring the database to this version, or say what is missing."""

from watchword.app.house import StartError, make_folder, open_database
from watchword.app.occupancy import sharing
from watchword.core.kernel.clock import SystemClock
from watchword.core.kernel.errors import CoreError
from watchword.settings.model import Settings


async def migrate(settings: Settings) -> list[str]:
    """Apply what is pending, all or nothing, and return the names."""
    try:
        make_folder(settings.folder)
        with sharing(settings):
            storage = await open_database(settings)
            try:
                return await storage.migrate(at=SystemClock().now())
            finally:
                await storage.close()
    except CoreError as error:
        raise StartError(str(error)) from error


async def pending_migrations(settings: Settings) -> list[str]:
    """Return the names of what `migrate` would apply; changes nothing in the database."""
    try:
        storage = await open_database(settings)
        try:
            return await storage.pending()
        finally:
            await storage.close()
    except CoreError as error:
        raise StartError(str(error)) from error
